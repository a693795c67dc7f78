/* versions.c - asks the libraries themselves, at run time: what configure found need not be what is
 * loaded. */
#include <config.h>

#include <assuan.h>
#include <gcrypt.h>
#include <gmime/gmime.h>
#include <gpgme.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "bridge/versions.h"

const LlLibrary *
ll_versions_of_libraries (void)
{
  static LlLibrary libraries[8];
  static char gmime[16];

  g_snprintf (gmime, sizeof gmime, "%u.%u.%u", gmime_major_version, gmime_minor_version,
              gmime_micro_version);
  libraries[0] = (LlLibrary){ "OpenSSL", OpenSSL_version (OPENSSL_VERSION_STRING) };
  libraries[1] = (LlLibrary){ "GPGME", gpgme_check_version (NULL) };
  libraries[2] = (LlLibrary){ "libgcrypt", gcry_check_version (NULL) };
  libraries[3] = (LlLibrary){ "libassuan", assuan_check_version (NULL) };
  libraries[4] = (LlLibrary){ "GMime", gmime };
  return libraries;
}

static gboolean
has_cipher (const char *name)
{
  EVP_CIPHER *cipher = EVP_CIPHER_fetch (NULL, name, NULL);
  gboolean found = cipher != NULL;
  EVP_CIPHER_free (cipher);
  return found;
}

static gboolean
has_signature (const char *name)
{
  EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch (NULL, name, NULL);
  gboolean found = signature != NULL;
  EVP_SIGNATURE_free (signature);
  return found;
}

static gboolean
has_key_exchange (const char *name)
{
  EVP_KEYEXCH *exchange = EVP_KEYEXCH_fetch (NULL, name, NULL);
  gboolean found = exchange != NULL;
  EVP_KEYEXCH_free (exchange);
  return found;
}

const LlAbility *
ll_versions_of_abilities (void)
{
  static LlAbility abilities[12];
  int n = 0;

  abilities[n++] = (LlAbility){ "AES-256-CBC", has_cipher ("AES-256-CBC") };
  abilities[n++] = (LlAbility){ "AES-256-GCM", has_cipher ("AES-256-GCM") };
  abilities[n++] = (LlAbility){ "ECDSA", has_signature ("ECDSA") };
  abilities[n++] = (LlAbility){ "ECDH", has_key_exchange ("ECDH") };
  abilities[n++] = (LlAbility){ "Ed25519", has_signature ("ED25519") };
  abilities[n++] = (LlAbility){ "X25519", has_key_exchange ("X25519") };
  abilities[n++] = (LlAbility){ "ML-DSA-65", has_signature ("ML-DSA-65") };
  abilities[n] = (LlAbility){ NULL, FALSE };
  return abilities;
}
