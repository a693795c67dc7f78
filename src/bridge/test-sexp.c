/* test-sexp.c - keygrips as gpgsm computes them, and keys that a real gpg-agent reads. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp.h"
#include "tests/support.h"

static void
test_keygrip (gconstpointer algorithm)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  LlTestCertSpec authority = { .name = "Authority", .authority = TRUE };
  g_autoptr (LlTestCert) issuer = ll_test_cert_new (&authority);
  LlTestCertSpec spec
      = { .name = "Keygrip", .address = "k@example.org", .algorithm = algorithm, .issuer = issuer };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  g_autoptr (GBytes) listing = NULL;
  g_autofree char *wanted = NULL;
  g_autofree char *text = NULL;

  ll_test_cert_import (home, issuer, FALSE);
  ll_test_cert_import (home, cert, TRUE);
  listing = ll_test_run (NULL, "gpgsm", "--batch", "--with-colons", "--with-keygrip",
                         "--list-secret-keys", cert->fingerprint, NULL);
  text = g_strndup (g_bytes_get_data (listing, NULL), g_bytes_get_size (listing));
  wanted = g_strdup_printf ("\ngrp:::::::::%s:", cert->keygrip);
  g_assert_nonnull (strstr (text, "crs:"));
  g_assert_nonnull (strstr (text, wanted));
}

static void
test_openpgp_keys_are_made (gconstpointer algorithm)
{
  g_autoptr (LlTestHome) home = ll_test_home_new ();
  g_autofree char *fingerprint
      = ll_test_openpgp_key (home, "Hanako <hanako@example.org>", algorithm, NULL);
  g_autoptr (GBytes) listing
      = ll_test_run (NULL, "gpg", "--batch", "--with-colons", "-K", fingerprint, NULL);

  g_assert_nonnull (g_strstr_len (g_bytes_get_data (listing, NULL),
                                  (gssize)g_bytes_get_size (listing), "\nssb:"));
}

static GBytes *
bytes (const char *text)
{
  return g_bytes_new_static (text, strlen (text));
}

static void
test_rsa_signature (void)
{
  static const struct
  {
    const char *sexp;
    gsize size;
    const char *signature; /* NULL: refused */
  } cases[] = {
    { "(7:sig-val(3:rsa(1:s4:abcd)))", 4, "abcd" },
    { "(7:sig-val(3:rsa(1:s3:bcd)))", 4, "\0bcd" },
    { "(7:sig-val(3:rsa(1:s5:xabcd)))", 4, NULL },
    { "(7:sig-val(3:rsa(1:r4:abcd)))", 4, NULL },
    { "(7:sig-val(3:rsa(1:s5:abcd", 4, NULL },
    { "(7:sig-val(3:rsa(1:s99999999999:abcd)))", 4, NULL },
    { "(7:sig-val)(1:s4:abcd)", 4, NULL },
    { "((((((((((((((((((((", 4, NULL },
    { "4:abcd", 4, NULL },
    { ")", 4, NULL },
    { "(", 4, NULL },
    { "", 4, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) sexp = bytes (cases[i].sexp);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) signature = ll_sexp_rsa_signature (sexp, cases[i].size, &error);

      if (cases[i].signature == NULL)
        g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
      else
        g_assert_cmpmem (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature),
                         cases[i].signature, cases[i].size);
    }
}

static void
test_fit_integer (void)
{
  guint8 fitted[3];

  g_assert_true (ll_sexp_fit_integer ((const guint8 *)"\0\0ab", 4, fitted, 3));
  g_assert_cmpmem (fitted, 3, "\0ab", 3);
  g_assert_false (ll_sexp_fit_integer ((const guint8 *)"x\0ab", 4, fitted, 3));
  g_assert_true (ll_sexp_fit_integer ((const guint8 *)"b", 1, fitted, 3));
  g_assert_cmpmem (fitted, 3, "\0\0b", 3);
}

static void
test_refuses_unknown_curves (void)
{
  g_autoptr (EVP_PKEY) key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", "secp224r1");
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_sexp_keygrip (key, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM);
}

static void
test_private_key_needs_private_part (void)
{
  LlTestCertSpec spec = { .name = "Public only" };
  g_autoptr (LlTestCert) cert = ll_test_cert_new (&spec);
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_sexp_private_key (X509_get0_pubkey (cert->certificate), &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_BAD_DATA);
}

static const char *const every_kind[]
    = { "rsa2048",         "P-256",           "P-384",   "P-521", "brainpoolP256r1",
        "brainpoolP384r1", "brainpoolP512r1", "ED25519", "X25519" };

static EVP_PKEY *
new_key (const char *kind)
{
  EVP_PKEY *key;

  if (g_str_equal (kind, "rsa2048"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t)2048);
  else if (g_str_has_suffix (kind, "25519"))
    key = EVP_PKEY_Q_keygen (NULL, NULL, kind);
  else
    key = EVP_PKEY_Q_keygen (NULL, NULL, "EC", kind);
  g_assert_nonnull (key);
  return key;
}

static void
assert_same_private_key (EVP_PKEY *a, EVP_PKEY *b)
{
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_a = EVP_PKEY2PKCS8 (a);
  g_autoptr (PKCS8_PRIV_KEY_INFO) of_b = EVP_PKEY2PKCS8 (b);
  g_autoptr (GBytes) der_a = LL_DER (of_a, PKCS8_PRIV_KEY_INFO);
  g_autoptr (GBytes) der_b = LL_DER (of_b, PKCS8_PRIV_KEY_INFO);

  g_assert_true (g_bytes_equal (der_a, der_b));
}

/* Ten of each, so that some have leading zeros. */
static void
test_private_key_there_and_back (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (every_kind); i++)
    for (int n = 0; n < (i == 0 ? 2 : 10); n++)
      {
        g_autoptr (EVP_PKEY) key = new_key (every_kind[i]);
        g_autoptr (GError) error = NULL;
        g_autoptr (GBytes) sexp = ll_sexp_private_key (key, &error);
        g_autoptr (EVP_PKEY) back
            = sexp != NULL ? ll_sexp_read_private_key (sexp, FALSE, &error) : NULL;

        g_assert_no_error (error);
        assert_same_private_key (key, back);
      }
}

static void
test_no_private_key (void)
{
  static const char *const cases[]
      = { "",
          "(11:private-key)",
          "(11:private-key(3:rsa(1:n1:a)))",
          "(11:private-key(3:ecc(5:curve10:NIST P-256)(1:q1:x)(1:d1:x)))",
          "(11:private-key(3:ecc(5:curve7:unknown)(1:q1:x)(1:d1:x)))",
          "(11:private-key(3:ecc(5:curve7:Ed25519)(1:q1:x)))",
          "(11:private-key(3:ecc(5:curve7:Ed25519)(1:d33:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)))" };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) sexp = bytes (cases[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (ll_sexp_read_private_key (sexp, FALSE, &error));
      g_assert_nonnull (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sexp/the keygrip of rsa2048 is the one that gpgsm shows", "rsa2048",
                        test_keygrip);
  g_test_add_data_func ("/sexp/the keygrip of P-256 is the one that gpgsm shows", "P-256",
                        test_keygrip);
  g_test_add_data_func ("/sexp/the keygrip of P-384 is the one that gpgsm shows", "P-384",
                        test_keygrip);
  g_test_add_data_func ("/sexp/the keygrip of P-521 is the one that gpgsm shows", "P-521",
                        test_keygrip);
  g_test_add_data_func ("/sexp/the keygrip of brainpoolP256r1 is the one that gpgsm shows",
                        "brainpoolP256r1", test_keygrip);
  g_test_add_data_func ("/sexp/the keygrip of Ed25519 is the one that gpgsm shows", "ED25519",
                        test_keygrip);
  g_test_add_data_func ("/support/an ed25519 OpenPGP key has a subkey", "ed25519",
                        test_openpgp_keys_are_made);
  g_test_add_data_func ("/support/an rsa3072 OpenPGP key has a subkey", "rsa3072",
                        test_openpgp_keys_are_made);
  g_test_add_func ("/sexp/an RSA signature gets the length of the modulus", test_rsa_signature);
  g_test_add_func ("/sexp/integers are padded and stripped, never cut", test_fit_integer);
  g_test_add_func ("/sexp/a curve that gpg-agent does not know is refused",
                   test_refuses_unknown_curves);
  g_test_add_func ("/sexp/a private key needs its private part",
                   test_private_key_needs_private_part);
  g_test_add_func ("/sexp/a private key comes back as it went", test_private_key_there_and_back);
  g_test_add_func ("/sexp/what is no private key is refused", test_no_private_key);
  return g_test_run ();
}
