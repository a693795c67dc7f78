#include <config.h>

#include <openssl/objects.h>

#include "engine/cms-names-private.h"

#define SHAKE256_WITH_LENGTH "2.16.840.1.101.3.4.2.18" /* id-shake256-len, RFC 8419 */

static const LlCmsDigest digests[] = {
  { NID_sha256, "SHA-256", "sha-256", 32, FALSE },
  { NID_sha384, "SHA-384", "sha-384", 48, FALSE },
  { NID_sha512, "SHA-512", "sha-512", 64, FALSE },
  { NID_sha224, "SHA-224", "sha-224", 28, FALSE },
  { NID_sha512_256, "SHA-512/256", "sha-512-256", 32, FALSE },
  { NID_sha3_256, "SHA3-256", "sha3-256", 32, FALSE },
  { NID_sha3_384, "SHA3-384", "sha3-384", 48, FALSE },
  { NID_sha3_512, "SHA3-512", "sha3-512", 64, FALSE },
  { NID_shake128, "SHAKE128", "shake128", 32, FALSE },
  { NID_shake256, "SHAKE256", "shake256", 64, FALSE },
  { NID_sha1, "SHA-1", "sha-1", 20, TRUE },
  { NID_md5, "MD5", "md5", 16, TRUE },
  { NID_ripemd160, "RIPEMD-160", "ripemd160", 20, TRUE },
};

static const LlCmsCipher ciphers[] = {
  { NID_aes_128_cbc, "AES-128-CBC", FALSE, FALSE, FALSE },
  { NID_aes_192_cbc, "AES-192-CBC", FALSE, FALSE, FALSE },
  { NID_aes_256_cbc, "AES-256-CBC", FALSE, FALSE, FALSE },
  { NID_aes_128_gcm, "AES-128-GCM", TRUE, FALSE, FALSE },
  { NID_aes_192_gcm, "AES-192-GCM", TRUE, FALSE, FALSE },
  { NID_aes_256_gcm, "AES-256-GCM", TRUE, FALSE, FALSE },
  { NID_chacha20_poly1305, "ChaCha20-Poly1305", TRUE, FALSE, FALSE },
  { NID_camellia_128_cbc, "CAMELLIA-128-CBC", FALSE, FALSE, FALSE },
  { NID_camellia_192_cbc, "CAMELLIA-192-CBC", FALSE, FALSE, FALSE },
  { NID_camellia_256_cbc, "CAMELLIA-256-CBC", FALSE, FALSE, FALSE },
  { NID_des_ede3_cbc, "3DES-CBC", FALSE, TRUE, FALSE },
  { NID_rc2_cbc, "RC2-CBC", FALSE, TRUE, TRUE },
  { NID_des_cbc, "DES-CBC", FALSE, TRUE, TRUE },
};

static const struct
{
  int nid;
  const char *name;
} algorithms[] = {
  { NID_rsaEncryption, "RSA" },
  { NID_rsassaPss, "RSA-PSS" },
  { NID_rsaesOaep, "RSA-OAEP" },
  { NID_X9_62_id_ecPublicKey, "ECDSA" },
  { NID_dsa, "DSA" },
  { NID_dsa_2, "DSA" },
  { NID_ED25519, "EdDSA" },
  { NID_ED448, "EdDSA" },
  { NID_dhSinglePass_stdDH_sha1kdf_scheme, "ECDH" },
  { NID_dhSinglePass_stdDH_sha224kdf_scheme, "ECDH" },
  { NID_dhSinglePass_stdDH_sha256kdf_scheme, "ECDH" },
  { NID_dhSinglePass_stdDH_sha384kdf_scheme, "ECDH" },
  { NID_dhSinglePass_stdDH_sha512kdf_scheme, "ECDH" },
  { NID_dhSinglePass_cofactorDH_sha1kdf_scheme, "ECDH" },
  { NID_dhSinglePass_cofactorDH_sha224kdf_scheme, "ECDH" },
  { NID_dhSinglePass_cofactorDH_sha256kdf_scheme, "ECDH" },
  { NID_dhSinglePass_cofactorDH_sha384kdf_scheme, "ECDH" },
  { NID_dhSinglePass_cofactorDH_sha512kdf_scheme, "ECDH" },
  { NID_id_smime_alg_ESDH, "DH" },
};

const LlCmsDigest *
ll_cms_digest_find (int nid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (digests); i++)
    if (digests[i].nid == nid)
      return &digests[i];
  return NULL;
}

const LlCmsDigest *
ll_cms_digest_of (const X509_ALGOR *algorithm)
{
  int nid = OBJ_obj2nid (algorithm->algorithm);
  const ASN1_TYPE *parameter = algorithm->parameter;
  char dotted[64];

  if (nid != NID_undef)
    return ll_cms_digest_find (nid);
  if (OBJ_obj2txt (dotted, sizeof dotted, algorithm->algorithm, 1) > 0
      && g_str_equal (dotted, SHAKE256_WITH_LENGTH) && parameter != NULL
      && parameter->type == V_ASN1_INTEGER && ASN1_INTEGER_get (parameter->value.integer) == 512)
    return ll_cms_digest_find (NID_shake256);
  return NULL;
}

const LlCmsCipher *
ll_cms_cipher_find (int nid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ciphers); i++)
    if (ciphers[i].nid == nid)
      return &ciphers[i];
  return NULL;
}

static const char *
name_of (int nid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (algorithms[i].nid == nid)
      return algorithms[i].name;
  return NULL;
}

const char *
ll_cms_algorithm_name (int nid)
{
  const char *name = name_of (nid);
  int key = NID_undef;

  if (name == NULL && OBJ_find_sigid_algs (nid, NULL, &key) == 1)
    name = name_of (key);
  return name;
}
