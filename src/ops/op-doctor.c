/* op-doctor.c - what enters: the policy. What leaves: a list of findings, each with what to do. It
 * asks the real programs, as the commands do, and mends nothing itself. */
#include <config.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "bridge/call-dirmngr.h"
#include "bridge/versions.h"
#include "keys/peers.h"
#include "keys/system-anchors.h"
#include "keys/trust.h"
#include "ops/op-doctor.h"

#define SOON_SECONDS (30 * 24 * 60 * 60)

typedef struct
{
  const LlPolicy *policy;
  GCancellable *cancellable;
  GPtrArray *diagnoses;
  gboolean homeless; /* no GnuPG home: gpg-agent has nowhere to live, and is not to blame */
} Doctor;

static void
diagnosis_free (gpointer data)
{
  LlDiagnosis *diagnosis = data;
  g_free (diagnosis->finding);
  g_free (diagnosis->advice);
  g_free (diagnosis);
}

/* Takes `finding`; copies `advice` (nullable). */
static void
tell (Doctor *doctor, const char *id, LlHealth health, char *finding, const char *advice)
{
  LlDiagnosis *diagnosis = g_new (LlDiagnosis, 1);

  *diagnosis = (LlDiagnosis){ id, health, finding, g_strdup (advice) };
  g_ptr_array_add (doctor->diagnoses, diagnosis);
}

/* --- running programs ------------------------------------------------------------------------- */

static gpointer
lose_patience (gpointer data)
{
  g_autoptr (GCancellable) patience = data;

  g_usleep (LL_AGENT_TIMEOUT_SECONDS * G_USEC_PER_SEC);
  g_cancellable_cancel (patience);
  return NULL;
}

/* Standard output of a program that exited with 0; NULL when it is missing, fails or hangs. */
static char *
ask (const char *const *argv)
{
  g_autoptr (GCancellable) patience = g_cancellable_new ();
  g_autoptr (GSubprocess) process
      = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                           NULL);
  g_autofree char *out = NULL;

  if (process == NULL)
    return NULL;
  g_thread_unref (g_thread_new ("patience", lose_patience, g_object_ref (patience)));
  if (!g_subprocess_communicate_utf8 (process, NULL, patience, &out, NULL, NULL))
    {
      g_subprocess_force_exit (process);
      return NULL;
    }
  return g_subprocess_get_successful (process) ? g_steal_pointer (&out) : NULL;
}

static char *
first_line (const char *text)
{
  return g_strndup (text, strcspn (text, "\n"));
}

/* --- programs and libraries ------------------------------------------------------------------- */

static void
check_programs (Doctor *doctor)
{
  const char *const programs[]
      = { doctor->policy->gpg_program != NULL ? doctor->policy->gpg_program : "gpg", "gpgsm",
          "gpg-agent", "gpgconf", "gpg-connect-agent" };

  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      const char *const argv[] = { programs[i], "--version", NULL };
      g_autofree char *out = ask (argv);
      if (out != NULL)
        tell (doctor, "program", LL_HEALTH_GOOD, first_line (out), NULL);
      else
        tell (doctor, "program", LL_HEALTH_BAD,
              g_strdup_printf (_ ("%s is missing or does not start."), programs[i]),
              _ ("Install GnuPG: on Debian, apt install gnupg gpgsm gpg-agent."));
    }
}

static void
check_libraries (Doctor *doctor)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (const LlLibrary *library = ll_versions_of_libraries (); library->name != NULL; library++)
    g_string_append_printf (line, "%s%s %s", line->len > 0 ? ", " : "", library->name,
                            library->version != NULL ? library->version : "?");
  tell (doctor, "libraries", LL_HEALTH_GOOD,
        g_strdup_printf (_ ("Letterlock %s with %s"), PACKAGE_VERSION, line->str), NULL);
}

static void
check_abilities (Doctor *doctor)
{
  g_autoptr (GString) can = g_string_new (NULL);
  g_autoptr (GString) cannot = g_string_new (NULL);

  for (const LlAbility *ability = ll_versions_of_abilities (); ability->name != NULL; ability++)
    {
      GString *line = ability->available ? can : cannot;
      g_string_append_printf (line, "%s%s", line->len > 0 ? ", " : "", ability->name);
    }
  tell (doctor, "can", LL_HEALTH_GOOD, g_strdup_printf (_ ("S/MIME can use %s"), can->str), NULL);
  if (cannot->len > 0)
    tell (doctor, "cannot", LL_HEALTH_NOTE,
          g_strdup_printf (_ ("The installed OpenSSL does not have %s"), cannot->str),
          _ ("A newer OpenSSL (3.5 or later) has it."));
}

/* --- the GnuPG home --------------------------------------------------------------------------- */

static char *
ask_directory (const char *which)
{
  const char *const argv[] = { "gpgconf", "--list-dirs", which, NULL };
  g_autofree char *out = ask (argv);
  return out != NULL ? g_strdup (g_strchomp (out)) : NULL;
}

/* gpg makes its usual home by itself when it first runs, and only that one. */
static gboolean
is_usual_home (const char *home)
{
  g_autofree char *usual = g_build_filename (g_get_home_dir (), ".gnupg", NULL);
  return g_strcmp0 (home, usual) == 0;
}

static void
check_home (Doctor *doctor)
{
  g_autofree char *home = ask_directory ("homedir");
  g_autofree char *safe = ll_text_safe (home, -1);
  GStatBuf status;

  if (home == NULL)
    return; /* gpgconf is missing, which has been told */
  if (g_stat (home, &status) != 0 && is_usual_home (home))
    {
      doctor->homeless = TRUE;
      tell (doctor, "home", LL_HEALTH_NOTE,
            g_strdup_printf (_ ("There is no GnuPG home at %s yet."), safe),
            _ ("The first key that you make or import makes it."));
    }
  else if (g_stat (home, &status) != 0)
    {
      g_autofree char *quoted = g_shell_quote (safe);
      g_autofree char *advice = g_strdup_printf (_ ("Make it with “mkdir -m 700 %s”, or let "
                                                    "GNUPGHOME or --homedir name another one."),
                                                 quoted);

      doctor->homeless = TRUE;
      tell (doctor, "home", LL_HEALTH_BAD,
            g_strdup_printf (_ ("There is no GnuPG home at %s."), safe), advice);
    }
  else if (!S_ISDIR (status.st_mode) || g_access (home, R_OK | X_OK) != 0)
    tell (doctor, "home", LL_HEALTH_BAD, g_strdup_printf (_ ("%s cannot be read."), safe),
          _ ("It must be a directory of your own."));
  else if (g_access (home, W_OK) != 0)
    tell (doctor, "home", LL_HEALTH_BAD, g_strdup_printf (_ ("%s cannot be written."), safe),
          _ ("Keys cannot be imported, and the agent may not start."));
  else if ((status.st_mode & 077) != 0)
    tell (doctor, "home", LL_HEALTH_NOTE, g_strdup_printf (_ ("Others may look into %s."), safe),
          _ ("Close it with: chmod 700 on that directory."));
  else
    tell (doctor, "home", LL_HEALTH_GOOD, g_strdup_printf (_ ("GnuPG home: %s"), safe), NULL);
}

static void
check_socket (Doctor *doctor)
{
  static const struct sockaddr_un address;
  g_autofree char *socket = ask_directory ("agent-socket");

  if (socket == NULL || strlen (socket) < sizeof address.sun_path)
    return;
  tell (doctor, "socket", LL_HEALTH_BAD,
        g_strdup_printf (_ ("The path of the agent's socket has %zu characters; at most %zu work: "
                            "%s"),
                         strlen (socket), sizeof address.sun_path - 1, socket),
        _ ("Move the GnuPG home to a shorter path, and set GNUPGHOME to it."));
}

/* --- agent and pinentry ----------------------------------------------------------------------- */

static void
check_agent (Doctor *doctor)
{
  const char *const argv[] = { "gpg-connect-agent", "GETINFO version", "/bye", NULL };
  g_autofree char *out = doctor->homeless ? NULL : ask (argv);

  if (doctor->homeless)
    return;
  if (out != NULL && strstr (out, "OK") != NULL)
    tell (doctor, "agent", LL_HEALTH_GOOD, g_strdup (_ ("gpg-agent answers.")), NULL);
  else
    tell (doctor, "agent", LL_HEALTH_BAD, g_strdup (_ ("gpg-agent does not answer.")),
          _ ("Try “gpgconf --kill gpg-agent”, then “gpgconf --launch gpg-agent”, and read what it "
             "says."));
}

/* Whether dirmngr is there matters to those alone who want servers to be asked. */
static void
check_revocation (Doctor *doctor)
{
  static const char *const told[] = {
    [LL_REVOCATION_SOFT] = N_ ("Revoked certificates: only what is known here is asked (soft)."),
    [LL_REVOCATION_ONLINE] = N_ ("Revoked certificates: servers are asked (online)."),
    [LL_REVOCATION_REQUIRE]
    = N_ ("Revoked certificates: servers are asked, and nothing is good without an answer "
          "(require)."),
  };
  LlRevocationMode mode = doctor->policy->revocation;
  g_autofree char *version = NULL;

  tell (doctor, "revocation", LL_HEALTH_GOOD, g_strdup (_ (told[mode])), NULL);
  if (mode == LL_REVOCATION_SOFT)
    return;
  version = ll_dirmngr_get_version (TRUE, doctor->cancellable, NULL);
  if (version != NULL)
    tell (doctor, "dirmngr", LL_HEALTH_GOOD, g_strdup_printf (_ ("dirmngr %s answers."), version),
          NULL);
  else
    tell (doctor, "dirmngr", LL_HEALTH_BAD,
          g_strdup (_ ("dirmngr does not answer: no server can be asked.")),
          _ ("Install it (on Debian, apt install dirmngr), or try “gpgconf --launch dirmngr”."));
}

/* What gpg-agent.conf says, else what gpgconf knows. */
static char *
find_pinentry (void)
{
  g_autofree char *home = ask_directory ("homedir");
  g_autofree char *path = home != NULL ? g_build_filename (home, "gpg-agent.conf", NULL) : NULL;
  g_autofree char *text = NULL, *out = NULL;
  const char *const argv[] = { "gpgconf", "--list-components", NULL };
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GRegex) in_conf
      = g_regex_new ("^\\s*pinentry-program\\s+(\\S.*?)\\s*$", G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GRegex) in_list = g_regex_new ("^pinentry:[^:]*:(.*)$", G_REGEX_MULTILINE, 0, NULL);

  if (path != NULL && g_file_get_contents (path, &text, NULL, NULL)
      && g_regex_match (in_conf, text, 0, &match))
    return g_match_info_fetch (match, 1);
  g_clear_pointer (&match, g_match_info_unref);
  out = ask (argv);
  if (out != NULL && g_regex_match (in_list, out, 0, &match))
    return g_match_info_fetch (match, 1);
  return NULL;
}

static void
check_pinentry (Doctor *doctor)
{
  g_autofree char *pinentry = find_pinentry ();

  if (pinentry != NULL && g_file_test (pinentry, G_FILE_TEST_IS_EXECUTABLE))
    tell (doctor, "pinentry", LL_HEALTH_GOOD,
          g_strdup_printf (_ ("Passphrases are asked for by %s"), pinentry), NULL);
  else
    tell (doctor, "pinentry", LL_HEALTH_BAD,
          g_strdup_printf (_ ("No program can ask for a passphrase: %s is missing."),
                           pinentry != NULL ? pinentry : "pinentry"),
          _ ("Install one: on Debian, apt install pinentry-gnome3 or pinentry-curses."));
}

/* --- keys and anchors ------------------------------------------------------------------------- */

static void
check_own_key (Doctor *doctor, LlKey *key)
{
  gint64 now = ll_policy_time (doctor->policy);
  gint64 expires = ll_key_get_expires (key);
  g_autofree char *title = ll_text_safe (ll_key_get_title (key), -1);
  g_autofree char *when = expires > 0 ? ll_clock_to_text (expires) : NULL;

  if (ll_key_is_revoked (key))
    tell (doctor, "key", LL_HEALTH_NOTE, g_strdup_printf (_ ("Your key %s is revoked."), title),
          NULL);
  else if (expires > 0 && expires <= now)
    tell (doctor, "key", LL_HEALTH_NOTE,
          g_strdup_printf (_ ("Your key %s expired on %s."), title, when),
          _ ("It still decrypts old mail. Extend it or make a new one."));
  else if (expires > 0 && expires <= now + SOON_SECONDS)
    tell (doctor, "key", LL_HEALTH_NOTE,
          g_strdup_printf (_ ("Your key %s expires on %s."), title, when),
          _ ("Extend it or ask for a new certificate in time."));
}

static void
check_keys (Doctor *doctor, LlKeyStore *store, LlProtocol protocol)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = ll_key_store_find (store, protocol, NULL, LL_KEYS_ANY, &error);
  guint own = 0;

  if (all == NULL)
    {
      tell (doctor, "keys", LL_HEALTH_BAD, g_strdup (error->message), NULL);
      return;
    }
  for (guint i = 0; i < all->len; i++)
    {
      LlKey *key = g_ptr_array_index (all, i);
      if (!ll_key_has_secret (key))
        continue;
      own++;
      check_own_key (doctor, key);
    }
  tell (doctor, "keys", own > 0 ? LL_HEALTH_GOOD : LL_HEALTH_NOTE,
        g_strdup_printf (ngettext ("%s: %u key, %u of them your own",
                                   "%s: %u keys, %u of them your own", all->len),
                         ll_protocol_title (protocol), all->len, own),
        own > 0                           ? NULL
        : protocol == LL_PROTOCOL_OPENPGP ? _ ("“letterlock key generate ADDRESS” makes one.")
                                          : _ ("“letterlock key import FILE.p12” brings one."));
}

/* Where S/MIME roots come from, with “, ” between them; empty when there are none. */
static char *
find_roots (const LlPolicy *policy)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *home = ask_directory ("homedir");
  g_autofree char *list = home != NULL ? g_build_filename (home, "trustlist.txt", NULL) : NULL;
  g_autofree char *path = ll_decisions_path ();
  g_autoptr (LlDecisions) decisions = ll_decisions_load (path, NULL);
  g_autoptr (LlSystemAnchors) system = policy->system_anchors ? ll_system_anchors_new (NULL) : NULL;

  if (policy->anchors_file != NULL)
    g_ptr_array_add (sources, ll_text_safe (policy->anchors_file, -1));
  if (decisions != NULL && ll_decisions_has (decisions, LL_DECISION_AUTHORITY))
    g_ptr_array_add (sources, g_strdup (_ ("your own decisions")));
  if (list != NULL && g_file_test (list, G_FILE_TEST_EXISTS))
    g_ptr_array_add (sources, ll_text_safe (list, -1));
  if (system != NULL && ll_system_anchors_certificates (system)->len > 0)
    g_ptr_array_add (sources, g_strdup (_ ("the list of this system")));
  g_ptr_array_add (sources, NULL);
  return g_strjoinv (", ", (char **)sources->pdata);
}

static void
check_anchors (Doctor *doctor, LlKeyStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlTrust) trust = ll_trust_new (doctor->policy, store, &error);
  g_autofree char *roots = find_roots (doctor->policy);

  if (trust == NULL)
    tell (doctor, "anchors", LL_HEALTH_BAD, g_strdup (error->message),
          _ ("Mend the file, or the setting that names it."));
  else if (*roots == '\0')
    tell (doctor, "anchors", LL_HEALTH_NOTE,
          g_strdup (_ ("No authority is trusted, so that no S/MIME signature can be good, unless "
                       "its certificate is pinned.")),
          _ ("“letterlock key trust --authority FINGERPRINT” trusts one; a file of several is "
             "named with --anchors, or in the settings."));
  else
    tell (doctor, "anchors", LL_HEALTH_GOOD,
          g_strdup_printf (_ ("S/MIME roots come from %s"), roots), NULL);
}

/* A file that is not there yet is nothing to speak of. */
static void
check_peers (Doctor *doctor)
{
  const char *path = doctor->policy->peers_file;
  g_autoptr (LlPeers) peers = NULL;
  g_autoptr (LlPeer) anybody = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  peers = ll_peers_new (path);
  anybody = ll_peers_find (peers, "postmaster@localhost", &error);
  if (error != NULL)
    tell (doctor, "peers", LL_HEALTH_NOTE, g_strdup (error->message),
          _ ("Until then S/MIME is encrypted with AES-256-CBC, and nothing is learnt."));
  else
    tell (doctor, "peers", LL_HEALTH_GOOD,
          g_strdup_printf (_ ("What signed mail teaches is remembered in %s"), path), NULL);
}

GPtrArray *
ll_op_doctor (const LlPolicy *policy, GCancellable *cancellable)
{
  Doctor doctor = { policy, cancellable, g_ptr_array_new_with_free_func (diagnosis_free), FALSE };
  g_autoptr (LlKeyStore) store = ll_key_store_new (policy);

  check_libraries (&doctor);
  check_abilities (&doctor);
  check_programs (&doctor);
  check_home (&doctor);
  check_socket (&doctor);
  check_agent (&doctor);
  check_pinentry (&doctor);
  check_revocation (&doctor);
  check_keys (&doctor, store, LL_PROTOCOL_OPENPGP);
  check_keys (&doctor, store, LL_PROTOCOL_SMIME);
  check_anchors (&doctor, store);
  check_peers (&doctor);
  return doctor.diagnoses;
}

gboolean
ll_op_doctor_is_well (GPtrArray *diagnoses)
{
  for (guint i = 0; i < diagnoses->len; i++)
    if (((LlDiagnosis *)g_ptr_array_index (diagnoses, i))->health == LL_HEALTH_BAD)
      return FALSE;
  return TRUE;
}
