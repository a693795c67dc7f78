/* Which header fields are believed: those of the payload's root, and only when it says so. */
#include <config.h>

#include <string.h>

#include "mail/headers.h"

/* Opens a message without any engine: the layers are there, that is all that is needed. */
static LlEnvelope *
peel (const char *text)
{
  static const LlEngines none = { NULL, NULL };
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (LlMessage) message = ll_message_new (bytes, NULL);
  LlEnvelope *envelope = ll_layers_peel (message, &none, NULL, NULL);

  g_assert_nonnull (envelope);
  return envelope;
}

#define OUTER                                                                                      \
  "From: Alice <alice@x.example>\nSubject: outside\nDate: Sat, 20 Feb 2021 12:00:00 +0000\n"
#define SIGNED(entity)                                                                             \
  OUTER "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\n\n"   \
        "--b\n" entity "\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n"
#define INNER "Subject: inside\nDate: Sat, 20 Feb 2021 13:00:00 +0000\n"

static void
test_subject (void)
{
  static const struct
  {
    const char *message, *subject;
    gboolean is_protected;
  } cases[] = {
    { OUTER "\nbody", "outside", FALSE },
    { SIGNED ("\nbody"), "outside", FALSE },
    { SIGNED (INNER "\nbody"), "outside", FALSE },
    /* HP-25 */
    { SIGNED (INNER "Content-Type: text/plain; hp=clear\n\nbody"), "inside", TRUE },
    { SIGNED (INNER "Content-Type: text/plain; hp=\"CIPHER\"\n\nbody"), "inside", TRUE },
    { SIGNED (INNER "Content-Type: text/plain; hp=foo\n\nbody"), "outside", FALSE },
    { SIGNED ("Content-Type: text/plain; hp=clear\n\nbody"), "outside", FALSE },
    /* HP-39 */
    { SIGNED (INNER "Content-Type: text/plain; protected-headers=v1\n\nbody"), "inside", TRUE },
    { SIGNED (INNER "Content-Type: text/plain; protected-headers=v2\n\nbody"), "outside", FALSE },
    /* misplaced: on a part below the root */
    { SIGNED ("Content-Type: multipart/mixed; boundary=c\n\n--c\n" INNER
              "Content-Type: text/plain; hp=clear\n\nbody\n--c--\n"),
      "outside", FALSE },
    /* phony: on a message without any layer, and on a part beside one */
    { OUTER "Content-Type: text/plain; hp=clear\n\nbody", "outside", FALSE },
    { OUTER "Content-Type: multipart/mixed; boundary=c\n\n--c\n" INNER
            "Content-Type: text/plain; protected-headers=v1\n\nbody\n--c--\n",
      "outside", FALSE },
    /* IA-06: two values are none */
    { SIGNED (INNER "Content-Type: text/plain; hp=clear; hp=cipher\n\nbody"), "outside", FALSE },
    /* HP-38: a message that only carries the fields, and one that is a message of its own */
    { SIGNED ("Content-Type: message/rfc822\n\n" INNER "\nbody"), "inside", TRUE },
    { SIGNED ("Content-Type: message/rfc822\n\n" INNER
              "Content-Type: application/pkcs7-mime\n\nbody"),
      "outside", FALSE },
    { SIGNED ("Content-Type: message/rfc822\n\n" INNER
              "Content-Type: text/plain; hp=clear\n\nbody"),
      "outside", FALSE },
    { OUTER "Content-Type: message/rfc822\n\n" INNER "\nbody", "outside", FALSE },
    /* HP-46: nothing is guessed when nothing could be opened */
    { OUTER "Content-Type: application/pkcs7-mime\n\nx", "outside", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEnvelope) envelope = peel (cases[i].message);
      g_autoptr (LlHeaders) headers = ll_headers_read (envelope);
      g_test_message ("%s", cases[i].message);
      g_assert_cmpstr (headers->subject, ==, cases[i].subject);
      g_assert_cmpint (headers->is_protected, ==, cases[i].is_protected);
      g_assert_cmpint (headers->date, ==, cases[i].is_protected ? 1613826000 : 1613822400);
    }
}

/* TR-05, HP-31, HP-44: authors that differ are no author, whoever signed. */
static void
test_author (void)
{
  static const struct
  {
    const char *message, *author;
    LlReason reason;
  } cases[] = {
    { SIGNED ("From: alice@x.example\nContent-Type: text/plain; hp=clear\n\nbody"),
      "alice@x.example", LL_REASON_NONE },
    { SIGNED ("From: A <ALICE@X.example>\nContent-Type: text/plain; hp=clear\n\nbody"),
      "alice@x.example", LL_REASON_NONE },
    { SIGNED ("From: eve@y.example\nContent-Type: text/plain; hp=clear\n\nbody"), NULL,
      LL_REASON_FROM_MISMATCH },
    { SIGNED ("From: eve@y.example\nContent-Type: text/plain\n\nbody"), "alice@x.example",
      LL_REASON_NONE },
    { SIGNED ("From: alice@x.example, eve@y.example\nContent-Type: text/plain; hp=clear\n\nbody"),
      NULL, LL_REASON_FROM_AMBIGUOUS },
    { SIGNED ("Content-Type: text/plain; hp=clear\n\nbody"), "alice@x.example", LL_REASON_NONE },
    { "From: eve@y.example\n" SIGNED ("\nbody"), NULL, LL_REASON_FROM_AMBIGUOUS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEnvelope) envelope = peel (cases[i].message);
      g_autoptr (LlHeaders) headers = ll_headers_read (envelope);
      g_test_message ("%s", cases[i].message);
      g_assert_cmpstr (headers->author, ==, cases[i].author);
      g_assert_cmpint (headers->author_reason, ==, cases[i].reason);
    }
}

/* E2E-11 */
static void
test_structural (void)
{
  g_assert_true (ll_headers_is_structural ("Content-Foo"));
  g_assert_true (ll_headers_is_structural ("mime-version"));
  g_assert_false (ll_headers_is_structural ("Content"));
  g_assert_false (ll_headers_is_structural ("Subject"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/headers/the protected subject is shown and no other", test_subject);
  g_test_add_func ("/headers/two different authors are none", test_author);
  g_test_add_func ("/headers/structural fields are told from the others", test_structural);
  return g_test_run ();
}
