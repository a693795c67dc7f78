#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "bridge/call-agent.h"
#include "bridge/gpgme-glue.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "keys/generate.h"
#include "keys/import.h"
#include "keys/x509-selfsigned-private.h"
#include "provider/provider.h"

typedef struct
{
  LlProtocol protocol;
  const char *name;
  const char *parameters; /* OpenPGP: gpg's; S/MIME: gpg-agent's */
} Algorithm;

/* The first of each technology is its default. OP-21, SM-31: RSA from 3072 bits on. */
static const Algorithm algorithms[] = {
  { LL_PROTOCOL_OPENPGP, "ed25519",
    "Key-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n"
    "Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\n" },
  { LL_PROTOCOL_OPENPGP, "rsa3072",
    "Key-Type: RSA\nKey-Length: 3072\nKey-Usage: sign\n"
    "Subkey-Type: RSA\nSubkey-Length: 3072\nSubkey-Usage: encrypt\n" },
  { LL_PROTOCOL_OPENPGP, "rsa4096",
    "Key-Type: RSA\nKey-Length: 4096\nKey-Usage: sign\n"
    "Subkey-Type: RSA\nSubkey-Length: 4096\nSubkey-Usage: encrypt\n" },
  { LL_PROTOCOL_SMIME, "rsa3072", "(6:genkey(3:rsa(5:nbits4:3072)))" },
  { LL_PROTOCOL_SMIME, "rsa4096", "(6:genkey(3:rsa(5:nbits4:4096)))" },
  { LL_PROTOCOL_SMIME, "nistp256", "(6:genkey(3:ecc(5:curve10:NIST P-256)))" },
};

static const Algorithm *
find_algorithm (const LlGenerateRequest *request, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  g_autofree char *safe = ll_text_safe (request->algorithm, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    {
      if (algorithms[i].protocol != request->protocol)
        continue;
      if (request->algorithm == NULL
          || g_ascii_strcasecmp (request->algorithm, algorithms[i].name) == 0)
        return &algorithms[i];
      g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", algorithms[i].name);
    }
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
               _ ("No %s key can be made with the algorithm “%s”. Known are: %s."),
               ll_protocol_title (request->protocol), safe, known->str);
  return NULL;
}

/* What goes into a user ID must not be able to be more than one line, or to look like another
 * address. */
static gboolean
is_name (const char *name)
{
  g_autofree char *safe = ll_text_safe (name, -1);

  return strcmp (safe, name) == 0 && strpbrk (name, "<>()@") == NULL && *name != '\0'
         && !g_ascii_isspace (*name);
}

static gboolean
check_names (const LlGenerateRequest *request, GError **error)
{
  g_autofree char *address = ll_text_safe (request->address, -1);
  g_autofree char *name = ll_text_safe (request->name, -1);
  g_autofree char *problem = NULL;

  if (!ll_text_is_address (request->address))
    problem
        = g_strdup_printf (_ ("“%s” is not a mail address such as alice@example.org."), address);
  else if (request->protocol == LL_PROTOCOL_SMIME && !g_str_is_ascii (request->address))
    problem = g_strdup_printf (
        _ ("A test certificate can only be made for an address in ASCII, not for “%s”."), address);
  else if (request->name != NULL && !is_name (request->name))
    problem = g_strdup_printf (_ ("“%s” cannot be the name in a key: leave out brackets, @ and "
                                  "control characters."),
                               name);
  else if (request->expires != 0 && request->expires <= ll_clock_now ())
    problem = g_strdup (_ ("The key would have expired before it is made."));
  if (problem != NULL)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION, problem);
  return problem == NULL;
}

static char *
openpgp_parameters (const LlGenerateRequest *request, const Algorithm *algorithm)
{
  GString *text = g_string_new ("<GnupgKeyParms format=\"internal\">\n");

  g_string_append (text, algorithm->parameters);
  if (request->name != NULL)
    g_string_append_printf (text, "Name-Real: %s\n", request->name);
  g_string_append_printf (text, "Name-Email: %s\n", request->address);
  if (request->expires == 0)
    g_string_append (text, "Expire-Date: 0\n");
  else
    g_string_append_printf (text, "Expire-Date: seconds=%" G_GINT64_FORMAT "\n",
                            request->expires - ll_clock_now ());
  if (request->not_protected)
    g_string_append (text, "%no-protection\n");
  g_string_append (text, "</GnupgKeyParms>\n");
  return g_string_free (text, FALSE);
}

/* The fingerprint of the new key. (transfer full) */
static char *
make_openpgp (const LlGenerateRequest *request, const Algorithm *algorithm, GError **error)
{
  g_autoptr (LlGpgmeContext) context
      = ll_gpgme_context_new (GPGME_PROTOCOL_OPENPGP, request->policy, error);
  g_autoptr (LlGpgmeLoop) loop = NULL;
  g_autofree char *parameters = openpgp_parameters (request, algorithm);
  gpgme_genkey_result_t result;
  gpgme_error_t code;

  if (context == NULL)
    return NULL;
  loop = ll_gpgme_loop_new (context, request->cancellable);
  code = ll_gpgme_loop_run (loop, gpgme_op_genkey_start (context, parameters, NULL, NULL));
  result = gpgme_op_genkey_result (context);
  if (code == 0 && result != NULL && result->fpr != NULL)
    return g_ascii_strup (result->fpr, -1);
  ll_gpgme_set_error (error, code != 0 ? code : gpgme_error (GPG_ERR_GENERAL), LL_ERROR_FAILED,
                      request->cancellable, _ ("The key cannot be made"));
  return NULL;
}

/* The public half of a new key in gpg-agent. (transfer full) */
static EVP_PKEY *
make_agent_key (const LlGenerateRequest *request, const Algorithm *algorithm, GError **error)
{
  g_autoptr (GBytes) parameters
      = g_bytes_new_static (algorithm->parameters, strlen (algorithm->parameters));
  OSSL_LIB_CTX *context = ll_provider_context (error);
  g_autoptr (GBytes) sexp = NULL;

  if (context == NULL)
    return NULL;
  sexp = ll_agent_generate_key (parameters, request->not_protected, request->cancellable, error);
  return sexp != NULL ? ll_sexp_read_public_key (sexp, context, error) : NULL;
}

static char *
make_smime (const LlGenerateRequest *request, const Algorithm *algorithm, GError **error)
{
  g_autoptr (EVP_PKEY) public_key = make_agent_key (request, algorithm, error);
  LlX509SelfsignedSpec spec = { .public_key = public_key,
                                .address = request->address,
                                .name = request->name,
                                .from = ll_clock_now (),
                                .until = request->expires };
  LlImportRequest import = { .policy = request->policy, .cancellable = request->cancellable };
  g_autoptr (LlKey) certificate = NULL;
  g_autoptr (LlImportResult) result = NULL;

  if (public_key == NULL)
    return NULL;
  certificate = ll_x509_selfsigned_new (&spec, error);
  if (certificate == NULL)
    return NULL;
  result = ll_import (ll_key_get_der (certificate), &import, error);
  return result != NULL ? g_strdup (ll_key_get_gnupg_fingerprint (certificate)) : NULL;
}

LlKey *
ll_generate (LlKeyStore *store, const LlGenerateRequest *request, GError **error)
{
  const Algorithm *algorithm = find_algorithm (request, error);
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) local = NULL;
  LlKey *key;

  if (algorithm == NULL || !check_names (request, error))
    return NULL;
  fingerprint = request->protocol == LL_PROTOCOL_OPENPGP ? make_openpgp (request, algorithm, error)
                                                         : make_smime (request, algorithm, error);
  if (fingerprint == NULL)
    return NULL;
  ll_key_store_forget (store);
  key = ll_key_store_get (store, request->protocol, fingerprint, &local);
  if (key == NULL && local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (key == NULL)
    g_set_error (error, LL_ERROR, LL_ERROR_FAILED,
                 _ ("The new key %s is not in the key ring, although it was made."), fingerprint);
  return key;
}
