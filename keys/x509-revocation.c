/* x509-revocation.c - what enters: a path that ends at an anchor; what leaves: an answer for each
 * certificate below the anchor, from what is at hand, from what was fetched before, from dirmngr's
 * cache and, if the mode allows it, from the network: first CRLs, which tell nobody whose mail is
 * read, then OCSP. dirmngr brings what OpenSSL then judges: dirmngr 2.2 cannot check signatures by
 * ECDSA, and knows no indirect or delta CRLs.
 */
#include <config.h>

#include <glib/gi18n.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/web-address.h"
#include "bridge/call-dirmngr.h"
#include "keys/fetched.h"
#include "keys/x509-cert-private.h"
#include "keys/x509-crl-private.h"
#include "keys/x509-ksba-name-private.h"
#include "keys/x509-ocsp-private.h"
#include "keys/x509-revocation.h"
#include "keys/x509-revocation-answer-private.h"

#define MEMORY_SECONDS 60 /* how long nothing new is looked for at the same place */

struct _LlX509Revocation
{
  LlRevocationMode mode;
  gboolean local;          /* the local network may be asked too */
  GPtrArray *files;        /* of LlCrl */
  GHashTable *remembered;  /* URL -> Remembered */
  GHashTable *unreachable; /* URL -> gint64, when it may be asked again */
};

/* What was fetched from a URL, parsed. */
typedef struct
{
  LlCrl *crl;       /* or NULL */
  gint64 looked_at; /* monotonic */
  gint64 written;   /* the file's time */
} Remembered;

/* One question. */
typedef struct
{
  LlX509Revocation *self;
  const LlX509RevocationQuestion *question;
  GCancellable *cancellable;
  gint64 now, deadline; /* of the clock; monotonic */
  GPtrArray *message;   /* of LlCrl: from the message */
  GPtrArray *answers;
} Inquiry;

static void
remembered_free (gpointer data)
{
  Remembered *remembered = data;

  ll_crl_free (remembered->crl);
  g_free (remembered);
}

/* --- files ------------------------------------------------------------------------------------ */

static gboolean
read_file (LlX509Revocation *self, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = ll_input_read (path, LL_LIMIT_CRL_BYTES, NULL, error);
  g_autoptr (GPtrArray) crls = bytes != NULL ? ll_crl_read (bytes, "crl-file", path) : NULL;

  if (crls == NULL)
    {
      g_prefix_error_literal (error, _ ("Lists of revoked certificates: "));
      return FALSE;
    }
  if (crls->len == 0)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("“%s” is not a list of revoked certificates (CRL) in PEM or DER form."),
                   path);
      return FALSE;
    }
  g_ptr_array_extend_and_steal (self->files, g_steal_pointer (&crls));
  return TRUE;
}

LlX509Revocation *
ll_x509_revocation_new (const LlPolicy *policy, GError **error)
{
  g_autoptr (LlX509Revocation) self = g_new0 (LlX509Revocation, 1);

  self->mode = policy->revocation;
  self->local = policy->fetch_local;
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_crl_free);
  self->remembered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, remembered_free);
  self->unreachable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; policy->crl_files != NULL && policy->crl_files[i] != NULL; i++)
    if (!read_file (self, policy->crl_files[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

void
ll_x509_revocation_free (LlX509Revocation *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->files);
  g_hash_table_unref (self->remembered);
  g_hash_table_unref (self->unreachable);
  g_free (self);
}

/* --- the question's parts --------------------------------------------------------------------- */

static LlKey *
key_at (const Inquiry *inquiry, guint index)
{
  return g_ptr_array_index (inquiry->question->chain, index);
}

static X509 *
certificate_at (const Inquiry *inquiry, guint index)
{
  return ll_x509_cert_get (key_at (inquiry, index));
}

static LlRevocation *
answer_at (const Inquiry *inquiry, guint index)
{
  return g_ptr_array_index (inquiry->answers, index);
}

static void
weigh (const Inquiry *inquiry, guint index, LlRevocation *found)
{
  ll_revocation_weigh (answer_at (inquiry, index), found);
}

/* An answer that need not be asked for again. One that came in the message is no such answer, for
 * the sender chose it (SC-13). */
static gboolean
is_settled (const LlRevocation *answer)
{
  return answer->word == LL_REVOCATION_REVOKED
         || (answer->word == LL_REVOCATION_GOOD && g_strcmp0 (answer->source, "crl-in-message") != 0
             && g_strcmp0 (answer->source, "ocsp-in-message") != 0);
}

static void
note_trouble (const Inquiry *inquiry, guint index, LlReason reason, const char *source,
              const char *from)
{
  LlRevocation *answer = g_new0 (LlRevocation, 1);

  answer->reason = reason;
  answer->source = source;
  answer->from = g_strdup (from);
  weigh (inquiry, index, answer);
}

/* --- what is at hand -------------------------------------------------------------------------- */

static GPtrArray *
read_message (const LlX509RevocationQuestion *question)
{
  GPtrArray *crls = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_crl_free);

  for (guint i = 0; question->crls != NULL && i < MIN (question->crls->len, LL_LIMIT_CRLS); i++)
    {
      LlCrl *crl = ll_crl_new (g_ptr_array_index (question->crls, i), "crl-in-message", NULL);

      if (crl != NULL)
        g_ptr_array_add (crls, crl);
    }
  return crls;
}

/* The CRL that was fetched from there before, whenever and by whatever process of the user. */
static LlCrl *
recall (LlX509Revocation *self, const char *url)
{
  Remembered *remembered = g_hash_table_lookup (self->remembered, url);
  gint64 now = g_get_monotonic_time (), written;
  g_autoptr (GBytes) bytes = NULL;

  if (remembered != NULL && now - remembered->looked_at < MEMORY_SECONDS * G_TIME_SPAN_SECOND)
    return remembered->crl;
  written = ll_fetched_time (url);
  if (remembered != NULL && remembered->written == written)
    {
      remembered->looked_at = now;
      return remembered->crl;
    }
  remembered = g_new0 (Remembered, 1);
  remembered->looked_at = now;
  remembered->written = written;
  bytes = written != 0 ? ll_fetched_look (url, LL_LIMIT_CRL_BYTES) : NULL;
  remembered->crl = bytes != NULL ? ll_crl_new (bytes, "crl", url) : NULL;
  g_hash_table_insert (self->remembered, g_strdup (url), remembered);
  return remembered->crl;
}

static void
append_all (GPtrArray *to, GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, g_ptr_array_index (from, i));
}

static void
ask_crls (const Inquiry *inquiry)
{
  g_autoptr (GPtrArray) crls = g_ptr_array_new ();

  append_all (crls, inquiry->self->files);
  append_all (crls, inquiry->message);
  for (guint i = 0; i < inquiry->answers->len; i++)
    {
      g_autoptr (GPtrArray) urls = ll_crl_addresses (certificate_at (inquiry, i));

      for (guint j = 0; j < urls->len; j++)
        {
          LlCrl *crl = recall (inquiry->self, g_ptr_array_index (urls, j));

          if (crl != NULL && !g_ptr_array_find (crls, crl, NULL))
            g_ptr_array_add (crls, crl);
        }
    }
  ll_crl_judge (crls, inquiry->question, inquiry->now, inquiry->answers);
}

/* CM-10: what the message brings is judged like what is fetched. What is about another certificate,
 * or signed by somebody who may not, is worth nothing, not even a word. */
static void
ask_message (const Inquiry *inquiry, guint index)
{
  GPtrArray *ocsps = inquiry->question->ocsps;
  LlOcspContext context = { .key = key_at (inquiry, index),
                            .issuer = key_at (inquiry, index + 1),
                            .now = inquiry->now,
                            .at = inquiry->question->at };

  for (guint i = 0; ocsps != NULL && i < MIN (ocsps->len, LL_LIMIT_CRLS); i++)
    {
      LlRevocation *answer = ll_ocsp_read (g_ptr_array_index (ocsps, i), &context);

      answer->source = "ocsp-in-message";
      if (answer->word != LL_REVOCATION_UNKNOWN || answer->reason == LL_REASON_REVOCATION_EXPIRED)
        weigh (inquiry, index, answer);
      else
        ll_revocation_free (answer);
    }
}

/* --- dirmngr's cache -------------------------------------------------------------------------- */

static const struct
{
  const char *dirmngr, *name;
} dirmngr_reasons[] = {
  { "superseded", "superseded" },
  { "affiliation_changed", "affiliationChanged" },
  { "certificate_hold", "certificateHold" },
  { "key_compromise", "keyCompromise" },
  { "ca_compromise", "cACompromise" },
};

static const char *
translate_reason (const char *reason)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dirmngr_reasons); i++)
    if (g_strcmp0 (reason, dirmngr_reasons[i].dirmngr) == 0)
      return dirmngr_reasons[i].name;
  return NULL;
}

static LlRevocation *
take_dirmngr (const Inquiry *inquiry, guint index, const LlDirmngrAnswer *found)
{
  LlRevocation *answer = g_new0 (LlRevocation, 1);
  gint64 expires = ll_key_get_expires (key_at (inquiry, index));

  answer->source = found->url != NULL ? "crl" : NULL;
  answer->from = g_strdup (found->url);
  answer->this_update = found->this_update;
  answer->next_update = found->next_update;
  answer->revoked_at = found->revoked_at;
  answer->revocation_reason = translate_reason (found->reason);
  if (found->word == LL_DIRMNGR_REVOKED
      && ll_revocation_counts (found->revoked_at, answer->revocation_reason, inquiry->question->at))
    {
      answer->word = LL_REVOCATION_REVOKED;
      answer->reason = LL_REASON_KEY_REVOKED;
    }
  else if (found->next_update != 0 && found->next_update < inquiry->now)
    answer->reason = LL_REASON_REVOCATION_EXPIRED;
  else if (found->word == LL_DIRMNGR_UNKNOWN)
    answer->reason = LL_REASON_REVOCATION_NOT_CHECKED;
  else if (found->word == LL_DIRMNGR_GOOD && expires != 0 && found->this_update > expires)
    answer->reason = LL_REASON_REVOCATION_EXPIRED;
  else
    answer->word = LL_REVOCATION_GOOD;
  return answer;
}

/* The octets of the serial number: dirmngr's index has the sign octet too. */
static char *
serial_of (X509 *certificate)
{
  const ASN1_INTEGER *serial = X509_get0_serialNumber (certificate);
  const guint8 *data = ASN1_STRING_get0_data (serial);
  int length = ASN1_STRING_length (serial);
  GString *out = g_string_new (length > 0 && (data[0] & 0x80) != 0 ? "00" : NULL);

  for (int i = 0; i < length; i++)
    g_string_append_printf (out, "%02X", data[i]);
  return g_string_free (out, FALSE);
}

static void
ask_dirmngr (const Inquiry *inquiry)
{
  LlKey *anchor = key_at (inquiry, inquiry->question->chain->len - 1);

  for (guint i = 0; i < inquiry->answers->len; i++)
    {
      X509 *certificate = certificate_at (inquiry, i);
      g_autofree char *issuer = ll_x509_ksba_name (X509_get_issuer_name (certificate));
      g_autofree char *serial = serial_of (certificate);
      LlDirmngrQuestion question = { issuer, serial, ll_key_get_gnupg_fingerprint (anchor) };
      g_auto (LlDirmngrAnswer) answer = { 0 };

      if (issuer != NULL && ll_dirmngr_ask_cache (&question, &answer, inquiry->cancellable, NULL))
        weigh (inquiry, i, take_dirmngr (inquiry, i, &answer));
    }
}

/* --- the network ------------------------------------------------------------------------------ */

static gboolean
may_ask (LlX509Revocation *self, const char *url)
{
  const gint64 *again = g_hash_table_lookup (self->unreachable, url);

  return again == NULL || *again <= g_get_monotonic_time ();
}

static void
note_unreachable (LlX509Revocation *self, const char *url)
{
  gint64 again = g_get_monotonic_time () + MEMORY_SECONDS * G_TIME_SPAN_SECOND;

  g_hash_table_insert (self->unreachable, g_strdup (url), g_memdup2 (&again, sizeof again));
}

/* SC-25: a stranger's certificate makes us knock at no door inside. */
static gboolean
leads_out (const Inquiry *inquiry, const char *url)
{
  return inquiry->self->local
             ? ll_web_address_is_web (url)
             : ll_web_address_is_public (url, ll_dirmngr_has_proxy (), inquiry->cancellable);
}

/* All that is asked about one path ends in time, whatever the servers do. */
static GBytes *
fetch (const Inquiry *inquiry, const char *url, gsize limit)
{
  gint64 left = (inquiry->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_SECOND;
  g_autoptr (GBytes) bytes = NULL;

  if (left < 1 || !may_ask (inquiry->self, url) || g_cancellable_is_cancelled (inquiry->cancellable)
      || !leads_out (inquiry, url))
    return NULL;
  bytes = ll_dirmngr_fetch (url, limit, (guint)MIN (left, LL_FETCH_SECONDS), inquiry->cancellable,
                            NULL);
  if (bytes == NULL && !g_cancellable_is_cancelled (inquiry->cancellable))
    note_unreachable (inquiry->self, url);
  return g_steal_pointer (&bytes);
}

static void
fetch_crl (const Inquiry *inquiry, guint index, const char *url)
{
  LlCrl *known = recall (inquiry->self, url);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (LlCrl) crl = NULL;
  Remembered *remembered;

  if (known != NULL && ll_crl_is_fresh (known, inquiry->now))
    return;
  bytes = fetch (inquiry, url, LL_LIMIT_CRL_BYTES);
  if (bytes == NULL)
    {
      note_trouble (inquiry, index, LL_REASON_REVOCATION_UNREACHABLE, "crl", url);
      return;
    }
  crl = ll_crl_new (bytes, "crl", url);
  if (crl == NULL)
    {
      note_trouble (inquiry, index, LL_REASON_REVOCATION_BAD_ANSWER, "crl", url);
      return;
    }
  /* what nobody under the anchor has signed is told, but neither kept nor put in place of another
   */
  if (!ll_crl_is_genuine (crl, inquiry->question, inquiry->now))
    {
      note_trouble (inquiry, index, LL_REASON_REVOCATION_WRONG_SIGNER, "crl", url);
      return;
    }
  ll_fetched_keep (url, bytes);
  remembered = g_new0 (Remembered, 1);
  remembered->crl = g_steal_pointer (&crl);
  remembered->looked_at = g_get_monotonic_time ();
  remembered->written = ll_fetched_time (url);
  g_hash_table_insert (inquiry->self->remembered, g_strdup (url), remembered);
}

static void
fetch_crls (const Inquiry *inquiry)
{
  for (guint i = 0; i < inquiry->answers->len; i++)
    {
      g_autoptr (GPtrArray) urls = ll_crl_addresses (certificate_at (inquiry, i));

      for (guint j = 0; j < urls->len && !is_settled (answer_at (inquiry, i)); j++)
        fetch_crl (inquiry, i, g_ptr_array_index (urls, j));
    }
  ask_crls (inquiry);
}

/* The responder's answer, kept from before or, if `online`, fetched now. */
static void
ask_responder (const Inquiry *inquiry, guint index, gboolean online)
{
  g_autoptr (LlOcspQuestion) question
      = ll_ocsp_question_new (certificate_at (inquiry, index), certificate_at (inquiry, index + 1));
  g_autoptr (GBytes) bytes = NULL;
  LlOcspContext context = { .key = key_at (inquiry, index),
                            .issuer = key_at (inquiry, index + 1),
                            .now = inquiry->now,
                            .at = inquiry->question->at };
  LlRevocation *answer;

  if (question == NULL)
    return;
  context.responder = question->responder;
  bytes = online ? fetch (inquiry, question->url, LL_LIMIT_OCSP_BYTES)
                 : ll_fetched_look (question->url, LL_LIMIT_OCSP_BYTES);
  if (bytes == NULL)
    {
      if (online)
        note_trouble (inquiry, index, LL_REASON_REVOCATION_UNREACHABLE, "ocsp",
                      question->responder);
      return;
    }
  answer = ll_ocsp_read (bytes, &context);
  if (online && answer->word != LL_REVOCATION_UNKNOWN)
    ll_fetched_keep (question->url, bytes);
  weigh (inquiry, index, answer);
}

static void
ask_responders (const Inquiry *inquiry, gboolean online)
{
  for (guint i = 0; i < inquiry->answers->len; i++)
    if (!is_settled (answer_at (inquiry, i)) || !online)
      ask_responder (inquiry, i, online);
}

/* Nobody to ask is another thing than nobody asked. */
static void
note_sources (const Inquiry *inquiry)
{
  for (guint i = 0; i < inquiry->answers->len; i++)
    {
      X509 *certificate = certificate_at (inquiry, i);
      g_autoptr (GPtrArray) urls = ll_crl_addresses (certificate);
      g_autoptr (LlOcspQuestion) question
          = ll_ocsp_question_new (certificate, certificate_at (inquiry, i + 1));

      if (urls->len == 0 && question == NULL)
        note_trouble (inquiry, i, LL_REASON_REVOCATION_NO_SOURCE, NULL, NULL);
    }
}

GPtrArray *
ll_x509_revocation_ask (LlX509Revocation *self, const LlX509RevocationQuestion *question,
                        GCancellable *cancellable)
{
  g_autoptr (GPtrArray) message = read_message (question);
  Inquiry inquiry
      = { .self = self,
          .question = question,
          .cancellable = cancellable,
          .now = ll_clock_now (),
          .deadline = g_get_monotonic_time () + LL_REVOCATION_SECONDS * G_TIME_SPAN_SECOND,
          .message = message };

  inquiry.answers = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_revocation_free);
  for (guint i = 0; i + 1 < question->chain->len; i++)
    {
      LlRevocation *answer = g_new0 (LlRevocation, 1);

      answer->reason = LL_REASON_REVOCATION_NOT_CHECKED;
      g_ptr_array_add (inquiry.answers, answer);
    }
  if (inquiry.answers->len == 0)
    return inquiry.answers;
  ask_crls (&inquiry);
  for (guint i = 0; i < inquiry.answers->len; i++)
    ask_message (&inquiry, i);
  ask_responders (&inquiry, FALSE);
  ask_dirmngr (&inquiry);
  if (self->mode == LL_REVOCATION_SOFT || question->offline)
    return inquiry.answers;
  fetch_crls (&inquiry);
  ask_responders (&inquiry, TRUE);
  note_sources (&inquiry);
  return inquiry.answers;
}
