/* bench-letters.c - one operation on one message, again and again in one process; or on each
 * message of a folder.
 *
 * Enters: the name of an operation, a message file or a folder of them, and options; then a number
 * on each line of standard input. Leaves: for each line, how many nanoseconds one operation took on
 * average over that many runs. So bench/run can weave its runs between those of another program. It
 * does not start gpg-agent, make keys or check the result beyond "it worked".
 */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "ops/op-read.h"
#include "ops/op-write.h"

typedef gboolean (*Operation) (LlSession *session, LlSource *message, GError **error);

static gboolean
read_once (LlSession *session, LlSource *message, GError **error)
{
  g_autoptr (LlReading) reading = ll_op_read (session, message, NULL, error);

  if (reading == NULL)
    return FALSE;
  if (!ll_verdict_is_good (reading->verdict))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_NO_SIGNATURE, "the message is not good: %s",
                   ll_reason_name (reading->verdict->reason));
      return FALSE;
    }
  return TRUE;
}

static gboolean
seal (LlSession *session, LlSource *message, LlProtocol protocol, gboolean sign, gboolean encrypt,
      GError **error)
{
  LlWriteRequest request = { .sign = sign, .encrypt = encrypt, .protocol = protocol };
  g_autoptr (LlSpool) out = ll_spool_new (LL_SPOOL_SECRET);
  g_autoptr (LlWritten) written
      = ll_op_write (session, message, &request, G_OUTPUT_STREAM (out), NULL, error);

  return written != NULL;
}

static gboolean
encrypt_smime (LlSession *session, LlSource *message, GError **error)
{
  return seal (session, message, LL_PROTOCOL_SMIME, FALSE, TRUE, error);
}

static gboolean
sign_smime (LlSession *session, LlSource *message, GError **error)
{
  return seal (session, message, LL_PROTOCOL_SMIME, TRUE, FALSE, error);
}

static gboolean
encrypt_openpgp (LlSession *session, LlSource *message, GError **error)
{
  return seal (session, message, LL_PROTOCOL_OPENPGP, FALSE, TRUE, error);
}

static gboolean
sign_openpgp (LlSession *session, LlSource *message, GError **error)
{
  return seal (session, message, LL_PROTOCOL_OPENPGP, TRUE, FALSE, error);
}

static const struct
{
  const char *name;
  Operation run;
} operations[] = {
  { "read", read_once },
  { "sign-smime", sign_smime },
  { "encrypt-smime", encrypt_smime },
  { "sign-openpgp", sign_openpgp },
  { "encrypt-openpgp", encrypt_openpgp },
};

/* `name` NULL: the path is the message's own. */
static LlSource *
open_message (const char *path, const char *name, GError **error)
{
  g_autofree char *file = g_build_filename (path, name, NULL);
  return ll_source_new_path (file, NULL, error);
}

static Operation
find_operation (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    if (g_str_equal (operations[i].name, name))
      return operations[i].run;
  return NULL;
}

/* The message, or each of the folder, read from the disk as it comes up. */
static gboolean
run_on (Operation run, LlSession *session, const char *path, GError **error)
{
  g_autoptr (GDir) folder = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (LlSource) message = open_message (path, NULL, error);
      return message != NULL && run (session, message, error);
    }
  folder = g_dir_open (path, 0, error);
  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autoptr (LlSource) message = open_message (path, name, error);
      if (message == NULL || !run (session, message, error))
        return FALSE;
    }
  return TRUE;
}

/* Answers each line of standard input, until its end. */
static gboolean
serve (Operation run, LlSession *session, const char *path, GError **error)
{
  char line[32];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      gint64 times = MAX (1, g_ascii_strtoll (line, NULL, 10));
      gint64 start = g_get_monotonic_time ();

      for (gint64 i = 0; i < times; i++)
        if (!run_on (run, session, path, error))
          return FALSE;
      printf ("%" G_GINT64_FORMAT "\n", (g_get_monotonic_time () - start) * 1000 / times);
      fflush (stdout);
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlPolicy) policy = ll_policy_new ();
  g_autoptr (LlSession) session = NULL;
  Operation run = argc >= 3 ? find_operation (argv[1]) : NULL;

  setlocale (LC_ALL, "");
  if (run == NULL)
    {
      g_printerr ("usage: bench-letters OPERATION MESSAGE|FOLDER [ANCHORS]\n");
      return EXIT_FAILURE;
    }
  policy->anchors_file = g_strdup (argv[3]);
  policy->encrypt_to_self = FALSE;
  session = ll_session_new (policy, &error);
  if (session == NULL)
    {
      g_printerr ("bench-letters: %s\n", error->message);
      return EXIT_FAILURE;
    }
  if (!serve (run, session, argv[2], &error))
    {
      g_printerr ("bench-letters: %s: %s\n", argv[1], error->message);
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
