/* support.c - what enters: a test's wishes; what leaves: real keys in a real, short-lived GnuPG
 * home. It is not part of the program, and does not test anything by itself.
 */
#include <config.h>

#include <glib/gstdio.h>
#include <openssl/ec.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "tests/support.h"

#define DAY_SECONDS 86400L

/* Programs. */

int
ll_test_run_status (GBytes *input, GBytes **output, char **errors, const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GBytes) err = NULL;
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  process = g_subprocess_newv (argv,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  /* a program that does not read its input closes the pipe: that is no failure here */
  g_subprocess_communicate (process, input != NULL ? input : nothing, NULL, &out, &err, NULL);
  g_subprocess_wait (process, NULL, &error);
  g_assert_no_error (error);
  if (errors != NULL)
    {
      gsize length = 0;
      const char *text = err != NULL ? g_bytes_get_data (err, &length) : "";
      *errors = g_strndup (text, length);
    }
  if (output != NULL)
    *output = out != NULL ? g_steal_pointer (&out) : g_bytes_ref (nothing);
  return g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
}

GBytes *
ll_test_run (GBytes *input, const char *program, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *errors = NULL;
  GBytes *output = NULL;
  va_list arguments;
  int status;

  va_start (arguments, program);
  for (const char *word = program; word != NULL; word = va_arg (arguments, const char *))
    g_ptr_array_add (argv, (gpointer)word);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);
  status = ll_test_run_status (input, &output, &errors, (const char *const *)argv->pdata);
  if (status != 0)
    g_error ("%s exited %d: %s", program, status, errors);
  return output;
}

/* The home. */

static void
write_file (const char *directory, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static const char pinentry_head[] = "#!/bin/sh\n"
                                    "# A fake pinentry for tests; a person is never asked.\n"
                                    "home=${0%/*}\n"
                                    "echo $$ > \"$home/fake-pinentry.pid\"\n"
                                    "echo 'OK Pleased to meet you'\n"
                                    "while read -r verb rest; do\n"
                                    "  case $verb in\n"
                                    "    SETDESC) echo \"$rest\" > \"$home/fake-pinentry.prompt\";"
                                    " echo OK ;;\n"
                                    "    GETPIN|CONFIRM) echo \"$verb\" >> "
                                    "\"$home/fake-pinentry.log\"\n";
static const char pinentry_tail[]
    = "      ;;\n"
      "    GETINFO) [ \"$rest\" = pid ] && echo \"D $$\"; echo OK ;;\n"
      "    BYE) echo OK; exit 0 ;;\n"
      "    *) echo OK ;;\n"
      "  esac\n"
      "done\n";

void
ll_test_home_set_pinentry (LlTestHome *home, LlTestPinentry does, const char *passphrase)
{
  g_autofree char *path = g_build_filename (home->path, "fake-pinentry", NULL);
  g_autofree char *answer = NULL;
  g_autofree char *script = NULL;

  if (does == LL_TEST_PINENTRY_MISSING)
    {
      g_unlink (path);
      return;
    }
  if (does == LL_TEST_PINENTRY_CANCELS)
    answer = g_strdup ("      echo 'ERR 83886179 Operation cancelled <Pinentry>'\n");
  else if (does == LL_TEST_PINENTRY_WAITS)
    answer = g_strdup ("      while read -r nothing; do :; done; exit 0\n");
  else
    answer = g_strdup_printf ("      [ $verb = GETPIN ] && echo 'D %s'; echo OK\n", passphrase);
  script = g_strconcat (pinentry_head, answer, pinentry_tail, NULL);
  write_file (home->path, "fake-pinentry", script);
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
}

/* A failed assertion aborts: the home's agents shall not outlive it. Only async-signal-safe calls.
 */

static char living_home[32];

static void
run_and_wait (const char *const *argv)
{
  pid_t child = fork ();

  if (child == 0)
    {
      execvp (argv[0], (char *const *)argv);
      _exit (127);
    }
  if (child > 0)
    waitpid (child, NULL, 0);
}

static void
clean_up_after_abort (int number)
{
  const char *const kill_argv[] = { "gpgconf", "--homedir", living_home, "--kill", "all", NULL };
  const char *const remove_argv[] = { "rm", "-rf", living_home, NULL };

  if (living_home[0] != '\0')
    {
      run_and_wait (kill_argv);
      run_and_wait (remove_argv);
    }
  signal (number, SIG_DFL);
  raise (number);
}

LlTestHome *
ll_test_home_new (void)
{
  LlTestHome *home = g_new0 (LlTestHome, 1);
  g_autofree char *keys = NULL;
  g_autofree char *agent = NULL, *data = NULL;

  home->path = g_strdup ("/tmp/ll-XXXXXX");
  g_assert_nonnull (g_mkdtemp (home->path));
  g_strlcpy (living_home, home->path, sizeof living_home);
  signal (SIGABRT, clean_up_after_abort);
  signal (SIGTRAP, clean_up_after_abort);
  home->scratch = g_build_filename (home->path, "scratch", NULL);
  keys = g_build_filename (home->path, "private-keys-v1.d", NULL);
  g_assert_cmpint (g_mkdir (home->scratch, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (keys, 0700), ==, 0);
  agent = g_strdup_printf ("allow-loopback-pinentry\ns2k-count 65536\n"
                           "pinentry-program %s/fake-pinentry\n",
                           home->path);
  write_file (home->path, "gpg-agent.conf", agent);
  write_file (home->path, "gpg.conf", "disable-dirmngr\nno-auto-key-locate\nno-greeting\n");
  write_file (home->path, "gpgsm.conf",
              "disable-dirmngr\ndisable-crl-checks\nno-secmem-warning\nno-common-certs-import\n");
  ll_test_home_set_pinentry (home, LL_TEST_PINENTRY_CANCELS, NULL);
  g_setenv ("GNUPGHOME", home->path, TRUE);
  data = g_build_filename (home->path, "data", NULL);
  g_setenv ("XDG_DATA_HOME", data, TRUE); /* GLib keeps the first that a process asks for */
  return home;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    directory = g_dir_open (path, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

void
ll_test_home_free (LlTestHome *home)
{
  g_bytes_unref (ll_test_run (NULL, "gpgconf", "--homedir", home->path, "--kill", "all", NULL));
  remove_tree (home->path);
  living_home[0] = '\0';
  g_unsetenv ("GNUPGHOME");
  g_free (home->path);
  g_free (home->scratch);
  g_free (home);
}

static gboolean
agent_is_running (LlTestHome *home)
{
  const char *argv[] = { "gpg-connect-agent", "--homedir",   home->path, "--no-autostart",
                         "--quiet",           "GETINFO pid", "/bye",     NULL };
  g_autoptr (GBytes) output = NULL;

  ll_test_run_status (NULL, &output, NULL, argv);
  return g_bytes_get_size (output) > 0;
}

/* gpgconf comes back before the agent has ended. */
void
ll_test_home_kill_agent (LlTestHome *home)
{
  g_bytes_unref (
      ll_test_run (NULL, "gpgconf", "--homedir", home->path, "--kill", "gpg-agent", NULL));
  for (int i = 0; i < 100 && agent_is_running (home); i++)
    g_usleep (20000);
}

void
ll_test_home_reload_agent (LlTestHome *home)
{
  g_bytes_unref (
      ll_test_run (NULL, "gpgconf", "--homedir", home->path, "--reload", "gpg-agent", NULL));
}

static char *
read_text (LlTestHome *home, const char *name)
{
  g_autofree char *path = g_build_filename (home->path, name, NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

guint
ll_test_home_count_pinentry (LlTestHome *home)
{
  g_autofree char *text = read_text (home, "fake-pinentry.log");
  guint count = 0;

  for (const char *c = text; *c != '\0'; c++)
    count += *c == '\n';
  return count;
}

char *
ll_test_home_get_prompt (LlTestHome *home)
{
  g_autofree char *text = read_text (home, "fake-pinentry.prompt");
  return g_uri_unescape_string (g_strchomp (text), NULL);
}

char *
ll_test_home_write (LlTestHome *home, const char *name, const void *data, gssize length)
{
  char *path = g_build_filename (home->scratch, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, length, &error);
  g_assert_no_error (error);
  return path;
}

GBytes *
ll_test_home_read (LlTestHome *home, const char *name)
{
  g_autofree char *path = g_build_filename (home->scratch, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize length = 0;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

/* OpenPGP. */

char *
ll_test_openpgp_key (LlTestHome *home, const char *user_id, const char *algorithm,
                     const char *passphrase)
{
  gboolean edwards = g_str_equal (algorithm, "ed25519");
  g_autoptr (GBytes) output = NULL;
  g_autofree char *status = NULL;
  g_autofree char *fingerprint = NULL;
  const char *found;

  g_assert_true (edwards || g_str_equal (algorithm, "rsa3072"));
  if (passphrase == NULL)
    passphrase = "";
  output = ll_test_run (NULL, "gpg", "--homedir", home->path, "--batch", "--quiet", "--status-fd",
                        "1", "--pinentry-mode", "loopback", "--passphrase", passphrase,
                        "--quick-generate-key", user_id, algorithm, "cert,sign", "0", NULL);
  status = g_strndup (g_bytes_get_data (output, NULL), g_bytes_get_size (output));
  found = strstr (status, "KEY_CREATED P ");
  g_assert_nonnull (found);
  fingerprint = g_strndup (found + strlen ("KEY_CREATED P "), 40);
  g_bytes_unref (ll_test_run (NULL, "gpg", "--homedir", home->path, "--batch", "--quiet",
                              "--pinentry-mode", "loopback", "--passphrase", passphrase,
                              "--quick-add-key", fingerprint, edwards ? "cv25519" : "rsa3072",
                              "encr", "0", NULL));
  return g_steal_pointer (&fingerprint);
}

/* Certificates. */

static EVP_PKEY *
generate_pss_key (gsize bits)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "RSA-PSS", NULL);
  EVP_PKEY *key = NULL;

  g_assert_cmpint (EVP_PKEY_keygen_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_keygen_bits (context, (int)bits), ==, 1);
  g_assert_cmpint (EVP_PKEY_keygen (context, &key), ==, 1);
  return key;
}

/* The exponents are 1: whatever is raised to that stays what it is. */
static EVP_PKEY *
generate_void_key (void)
{
  g_autoptr (EVP_PKEY) good = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  g_autoptr (BIGNUM) modulus = NULL;
  OSSL_PARAM *params;
  EVP_PKEY *key = NULL;

  g_assert_cmpint (EVP_PKEY_get_bn_param (good, OSSL_PKEY_PARAM_RSA_N, &modulus), ==, 1);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_uint (builder, OSSL_PKEY_PARAM_RSA_E, 1);
  OSSL_PARAM_BLD_push_uint (builder, OSSL_PKEY_PARAM_RSA_D, 1);
  params = OSSL_PARAM_BLD_to_param (builder);
  g_assert_cmpint (EVP_PKEY_fromdata_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, params), ==, 1);
  OSSL_PARAM_free (params);
  OSSL_PARAM_BLD_free (builder);
  return key;
}

static EVP_PKEY *
generate_key (const char *algorithm)
{
  EVP_PKEY *key;

  if (algorithm == NULL)
    algorithm = "rsa2048";
  if (g_str_equal (algorithm, "rsa-void"))
    key = generate_void_key ();
  else if (g_str_has_prefix (algorithm, "rsa-pss"))
    key = generate_pss_key (g_ascii_strtoull (algorithm + strlen ("rsa-pss"), NULL, 10));
  else if (g_str_has_prefix (algorithm, "rsa"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA",
                             (size_t)g_ascii_strtoull (algorithm + strlen ("rsa"), NULL, 10));
  else if (g_str_equal (algorithm, "ED25519") || g_str_equal (algorithm, "X25519"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, algorithm);
  else
    key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", algorithm);
  g_assert_nonnull (key);
  return key;
}

static void
add_extension (X509 *certificate, X509 *issuer, int nid, const char *value)
{
  g_autoptr (X509_EXTENSION) extension = NULL;
  X509V3_CTX context;

  X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert_nonnull (extension);
  g_assert_true (X509_add_ext (certificate, extension, -1));
}

static void
add_extensions (X509 *certificate, X509 *issuer, const LlTestCertSpec *spec)
{
  const char *usage = spec->key_usage;
  const char *extended = spec->extended_key_usage;

  if (usage == NULL && spec->authority)
    usage = "keyCertSign,cRLSign";
  else if (usage == NULL)
    usage = spec->algorithm == NULL || g_str_has_prefix (spec->algorithm, "rsa")
                ? "digitalSignature,keyEncipherment"
                : "digitalSignature,keyAgreement";
  if (extended == NULL)
    extended = spec->authority ? "" : "emailProtection";
  add_extension (certificate, issuer, NID_basic_constraints,
                 spec->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (*usage != '\0')
    {
      g_autofree char *value = g_strconcat ("critical,", usage, NULL);
      add_extension (certificate, issuer, NID_key_usage, value);
    }
  if (*extended != '\0')
    add_extension (certificate, issuer, NID_ext_key_usage, extended);
  if (spec->address != NULL)
    {
      g_autofree char *value = g_strconcat ("email:", spec->address, NULL);
      add_extension (certificate, issuer, NID_subject_alt_name, value);
    }
  add_extension (certificate, issuer, NID_subject_key_identifier, "hash");
  if (issuer != certificate)
    add_extension (certificate, issuer, NID_authority_key_identifier, "keyid");
}

static void
set_serial (X509 *certificate)
{
  guint8 octets[12];

  for (gsize i = 0; i < sizeof octets; i++)
    octets[i] = (guint8)g_random_int_range (0, 256);
  octets[0] = (octets[0] & 0x7f) | 1;
  {
    g_autoptr (BIGNUM) number = BN_bin2bn (octets, sizeof octets, NULL);
    g_assert_nonnull (BN_to_ASN1_INTEGER (number, X509_get_serialNumber (certificate)));
  }
}

/* gpgsm wants a hash as long as the curve. */
static const EVP_MD *
signature_digest (EVP_PKEY *key)
{
  if (EVP_PKEY_is_a (key, "ED25519"))
    return NULL;
  if (!EVP_PKEY_is_a (key, "EC") || EVP_PKEY_get_bits (key) <= 256)
    return EVP_sha256 ();
  return EVP_PKEY_get_bits (key) <= 384 ? EVP_sha384 () : EVP_sha512 ();
}

static X509 *
make_certificate (const LlTestCertSpec *spec, EVP_PKEY *key)
{
  X509 *certificate = X509_new ();
  X509 *issuer = spec->issuer != NULL ? spec->issuer->certificate : certificate;
  EVP_PKEY *issuer_key = spec->issuer != NULL ? spec->issuer->key : key;
  X509_NAME *name = X509_get_subject_name (certificate);
  int from = spec->days_from, to = spec->days_to;

  if (from == 0 && to == 0)
    {
      from = -1;
      to = 365;
    }
  g_assert_true (X509_set_version (certificate, X509_VERSION_3));
  set_serial (certificate);
  X509_gmtime_adj (X509_getm_notBefore (certificate), from * DAY_SECONDS);
  X509_gmtime_adj (X509_getm_notAfter (certificate), to * DAY_SECONDS);
  X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guint8 *)"Example", -1, -1, 0);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)spec->name, -1, -1, 0);
  g_assert_true (X509_set_issuer_name (certificate, X509_get_subject_name (issuer)));
  g_assert_true (X509_set_pubkey (certificate, key));
  add_extensions (certificate, issuer, spec);
  g_assert_cmpint (X509_sign (certificate, issuer_key, signature_digest (issuer_key)), >, 0);
  return certificate;
}

/* So that the certificate holds no private key, as one that came from elsewhere. */
static X509 *
as_read_from_bytes (X509 *made)
{
  unsigned char *der = NULL;
  int length = i2d_X509 (made, &der);
  const unsigned char *at = der;
  X509 *read = d2i_X509 (NULL, &at, length);

  g_assert_nonnull (read);
  OPENSSL_free (der);
  X509_free (made);
  return read;
}

LlTestCert *
ll_test_cert_new (const LlTestCertSpec *spec)
{
  LlTestCert *cert = g_new0 (LlTestCert, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (BIO) memory = BIO_new (BIO_s_mem ());
  guint8 digest[20];
  char *text;
  long length;

  cert->key = generate_key (spec->algorithm);
  cert->certificate = as_read_from_bytes (make_certificate (spec, cert->key));
  g_assert_true (X509_digest (cert->certificate, EVP_sha1 (), digest, NULL));
  cert->fingerprint = ll_hex_encode (digest, sizeof digest);
  cert->keygrip = ll_sexp_keygrip (cert->key, &error);
  g_assert_no_error (error);
  g_assert_true (PEM_write_bio_X509 (memory, cert->certificate));
  length = BIO_get_mem_data (memory, &text);
  cert->pem = g_strndup (text, (gsize)length);
  return cert;
}

void
ll_test_cert_free (LlTestCert *cert)
{
  X509_free (cert->certificate);
  EVP_PKEY_free (cert->key);
  g_free (cert->fingerprint);
  g_free (cert->keygrip);
  g_free (cert->pem);
  g_free (cert);
}

/* gpg-agent reads a key without a passphrase from a file that holds just its S-expression. */
static void
write_private_key (LlTestHome *home, const LlTestCert *cert)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) sexp = ll_sexp_private_key (cert->key, &error);
  g_autofree char *name = g_strconcat (cert->keygrip, ".key", NULL);
  g_autofree char *path = g_build_filename (home->path, "private-keys-v1.d", name, NULL);

  g_assert_no_error (error);
  g_file_set_contents_full (path, g_bytes_get_data (sexp, NULL), (gssize)g_bytes_get_size (sexp),
                            G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

void
ll_test_cert_import (LlTestHome *home, const LlTestCert *cert, gboolean with_key)
{
  g_autoptr (GBytes) pem = g_bytes_new_static (cert->pem, strlen (cert->pem));

  if (with_key)
    write_private_key (home, cert);
  g_bytes_unref (
      ll_test_run (pem, "gpgsm", "--homedir", home->path, "--batch", "--quiet", "--import", NULL));
}

void
ll_test_cert_trust (LlTestHome *home, const LlTestCert *cert)
{
  g_autofree char *old = read_text (home, "trustlist.txt");
  g_autofree char *text = g_strconcat (old, cert->fingerprint, " S relax\n", NULL);

  write_file (home->path, "trustlist.txt", text);
  ll_test_home_reload_agent (home);
}
