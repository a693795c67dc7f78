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
  return g_test_run ();
}
