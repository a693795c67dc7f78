/* sexp.c - what enters: OpenSSL's keys and the agent's answers; what leaves: canonical
 * S-expressions, and the numbers inside them. It is written out here, not by libgcrypt, because
 * secrets pass through and every copy has to be wiped; libgcrypt computes the keygrip.
 */
#include <config.h>

#include <gcrypt.h>
#include <glib/gi18n.h>
#include <string.h>

#include "base/hex.h"
#include "base/secret.h"
#include "bridge/openssl-glue.h"
#include "bridge/sexp-private.h"

#define KEYGRIP_LENGTH 20
#define MAX_DEPTH 8            /* of an S-expression from the agent */
#define MAX_PUBLIC_OCTETS 8192 /* of one number of a key */

/* Writing. The buffer is allocated once and large enough, so that no secret is left behind by a
 * growing one. */

#define WRITER_SIZE 65536

typedef struct
{
  guint8 *data;
  gsize length;
  gboolean overflow;
} Writer;

static void
writer_init (Writer *writer)
{
  *writer = (Writer){ g_malloc0 (WRITER_SIZE), 0, FALSE };
}

static void
writer_put (Writer *writer, gconstpointer data, gsize length)
{
  if (length > WRITER_SIZE - writer->length)
    {
      writer->overflow = TRUE;
      return;
    }
  if (length > 0)
    memcpy (writer->data + writer->length, data, length);
  writer->length += length;
}

static void
writer_text (Writer *writer, const char *text)
{
  writer_put (writer, text, strlen (text));
}

static void
writer_atom (Writer *writer, gconstpointer data, gsize length)
{
  char prefix[32];

  g_snprintf (prefix, sizeof prefix, "%" G_GSIZE_FORMAT ":", length);
  writer_text (writer, prefix);
  writer_put (writer, data, length);
}

static void
writer_pair (Writer *writer, const char *name, gconstpointer data, gsize length)
{
  writer_text (writer, "(");
  writer_atom (writer, name, strlen (name));
  writer_atom (writer, data, length);
  writer_text (writer, ")");
}

/* A positive integer as the agent writes it: a zero octet in front when the highest bit is set. */
static void
writer_integer (Writer *writer, const char *name, const BIGNUM *number)
{
  guint8 octets[MAX_PUBLIC_OCTETS + 1];
  int length = BN_num_bytes (number);

  if (length > MAX_PUBLIC_OCTETS || length == 0)
    {
      writer->overflow = TRUE;
      return;
    }
  octets[0] = 0;
  BN_bn2bin (number, octets + 1);
  if ((octets[1] & 0x80) != 0)
    writer_pair (writer, name, octets, (gsize)length + 1);
  else
    writer_pair (writer, name, octets + 1, (gsize)length);
  explicit_bzero (octets, sizeof octets);
}

static GBytes *
writer_finish (Writer *writer)
{
  if (writer->overflow)
    {
      explicit_bzero (writer->data, WRITER_SIZE);
      g_clear_pointer (&writer->data, g_free);
      return NULL;
    }
  return ll_secret_bytes_new_take (g_steal_pointer (&writer->data), writer->length);
}

/* Keys. */

/* Of RSA: none is larger than the modulus. */
static gboolean
put_public_number (Writer *writer, EVP_PKEY *key, const char *name, const char *parameter)
{
  gsize octets = (gsize)MAX (EVP_PKEY_get_size (key), 8);
  g_autoptr (BIGNUM) number = ll_openssl_get_number (key, parameter, octets);

  if (number != NULL)
    writer_integer (writer, name, number);
  return number != NULL;
}

static gboolean
put_number (Writer *writer, EVP_PKEY *key, const char *name, const char *parameter)
{
  g_autoptr (BIGNUM) number = NULL;

  if (!EVP_PKEY_get_bn_param (key, parameter, &number))
    return FALSE;
  writer_integer (writer, name, number);
  return TRUE;
}

/* libgcrypt wants p < q and u = p^-1 mod q; OpenSSL has p and q in any order, and the inverse of
 * the other one. */
static gboolean
put_rsa_primes (Writer *writer, EVP_PKEY *key)
{
  g_autoptr (BIGNUM) p = NULL;
  g_autoptr (BIGNUM) q = NULL;
  g_autoptr (BIGNUM) u = NULL;
  g_autoptr (BN_CTX) context = BN_CTX_secure_new ();

  if (!EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_RSA_FACTOR1, &p)
      || !EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_RSA_FACTOR2, &q))
    return FALSE;
  if (BN_cmp (p, q) > 0)
    BN_swap (p, q);
  BN_set_flags (p, BN_FLG_CONSTTIME);
  u = BN_mod_inverse (NULL, p, q, context);
  if (u == NULL)
    return FALSE;
  writer_integer (writer, "p", p);
  writer_integer (writer, "q", q);
  writer_integer (writer, "u", u);
  return TRUE;
}

static gboolean
put_rsa (Writer *writer, EVP_PKEY *key, gboolean secret)
{
  writer_text (writer, "(3:rsa");
  if (!put_public_number (writer, key, "n", OSSL_PKEY_PARAM_RSA_N)
      || !put_public_number (writer, key, "e", OSSL_PKEY_PARAM_RSA_E))
    return FALSE;
  if (secret
      && (!put_number (writer, key, "d", OSSL_PKEY_PARAM_RSA_D) || !put_rsa_primes (writer, key)))
    return FALSE;
  writer_text (writer, ")");
  return TRUE;
}

static const struct
{
  const char *openssl, *gcrypt;
} curves[] = {
  { "prime256v1", "NIST P-256" },
  { "P-256", "NIST P-256" },
  { "secp384r1", "NIST P-384" },
  { "P-384", "NIST P-384" },
  { "secp521r1", "NIST P-521" },
  { "P-521", "NIST P-521" },
  { "brainpoolP256r1", "brainpoolP256r1" },
  { "brainpoolP384r1", "brainpoolP384r1" },
  { "brainpoolP512r1", "brainpoolP512r1" },
  { "secp256k1", "secp256k1" },
};

static const char *
curve_name (EVP_PKEY *key)
{
  char name[64];

  if (!EVP_PKEY_get_utf8_string_param (key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, NULL))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
    if (g_ascii_strcasecmp (curves[i].openssl, name) == 0)
      return curves[i].gcrypt;
  return NULL;
}

/* The point is always written uncompressed: the keygrip is computed over that form. */
static gboolean
put_ec (Writer *writer, EVP_PKEY *key, gboolean secret)
{
  g_autoptr (BIGNUM) x = NULL;
  g_autoptr (BIGNUM) y = NULL;
  const char *curve = curve_name (key);
  guint8 point[1 + 2 * 66];
  int size = (EVP_PKEY_get_bits (key) + 7) / 8;

  if (curve == NULL || size > 66 || !EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_EC_PUB_X, &x)
      || !EVP_PKEY_get_bn_param (key, OSSL_PKEY_PARAM_EC_PUB_Y, &y))
    return FALSE;
  point[0] = 0x04;
  if (BN_bn2binpad (x, point + 1, size) < 0 || BN_bn2binpad (y, point + 1 + size, size) < 0)
    return FALSE;
  writer_text (writer, "(3:ecc");
  writer_pair (writer, "curve", curve, strlen (curve));
  writer_pair (writer, "q", point, 1 + 2 * (gsize)size);
  if (secret && !put_number (writer, key, "d", OSSL_PKEY_PARAM_PRIV_KEY))
    return FALSE;
  writer_text (writer, ")");
  return TRUE;
}

static const struct
{
  const char *type, *curve, *flags;
  gboolean prefix;  /* 0x40 in front of the public point */
  gboolean reverse; /* the agent keeps the private scalar big-endian */
} edwards[] = {
  { "ED25519", "Ed25519", "eddsa", TRUE, FALSE },
  { "ED448", "Ed448", "eddsa", FALSE, FALSE },
  { "X25519", "Curve25519", "djb-tweak", TRUE, TRUE },
  { "X448", "X448", NULL, FALSE, FALSE },
};

/* Other names under which the agent may have got a curve from whom it has the key. */
static const struct
{
  const char *alias, *gcrypt;
} aliases[] = {
  { "nistp256", "NIST P-256" },
  { "1.2.840.10045.3.1.7", "NIST P-256" },
  { "nistp384", "NIST P-384" },
  { "1.3.132.0.34", "NIST P-384" },
  { "nistp521", "NIST P-521" },
  { "1.3.132.0.35", "NIST P-521" },
  { "1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1" },
  { "1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1" },
  { "1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1" },
  { "1.3.132.0.10", "secp256k1" },
  { "1.3.6.1.4.1.11591.15.1", "Ed25519" },
  { "1.3.101.112", "Ed25519" },
  { "1.3.101.113", "Ed448" },
  { "1.3.6.1.4.1.3029.1.5.1", "Curve25519" },
  { "cv25519", "Curve25519" },
  { "X25519", "Curve25519" },
  { "1.3.101.110", "Curve25519" },
  { "1.3.101.111", "X448" },
};

const char *
ll_sexp_openssl_curve (const guint8 *name, gsize length, gboolean *octets, gboolean *reversed)
{
  g_autofree char *text = g_strndup ((const char *)name, length);
  const char *wanted = text;

  for (gsize i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (g_ascii_strcasecmp (aliases[i].alias, text) == 0)
      wanted = aliases[i].gcrypt;
  for (gsize i = 0; i < G_N_ELEMENTS (edwards); i++)
    if (g_ascii_strcasecmp (edwards[i].curve, wanted) == 0)
      {
        *octets = TRUE;
        *reversed = edwards[i].reverse;
        return edwards[i].type;
      }
  *octets = *reversed = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (curves); i++)
    if (g_ascii_strcasecmp (curves[i].gcrypt, wanted) == 0
        || g_ascii_strcasecmp (curves[i].openssl, wanted) == 0)
      return curves[i].openssl;
  return NULL;
}

static gboolean
put_edwards_secret (Writer *writer, EVP_PKEY *key, gboolean reverse)
{
  guint8 secret[64];
  gsize length = sizeof secret;

  if (!EVP_PKEY_get_raw_private_key (key, secret, &length))
    return FALSE;
  for (gsize i = 0; reverse && i < length / 2; i++)
    {
      guint8 octet = secret[i];
      secret[i] = secret[length - 1 - i];
      secret[length - 1 - i] = octet;
    }
  writer_pair (writer, "d", secret, length);
  explicit_bzero (secret, sizeof secret);
  return TRUE;
}

static gboolean
put_edwards (Writer *writer, EVP_PKEY *key, gsize row, gboolean secret)
{
  guint8 point[1 + 64] = { 0x40 };
  gsize length = sizeof point - 1;

  if (!EVP_PKEY_get_raw_public_key (key, point + 1, &length))
    return FALSE;
  writer_text (writer, "(3:ecc");
  writer_pair (writer, "curve", edwards[row].curve, strlen (edwards[row].curve));
  if (edwards[row].flags != NULL)
    writer_pair (writer, "flags", edwards[row].flags, strlen (edwards[row].flags));
  if (edwards[row].prefix)
    writer_pair (writer, "q", point, length + 1);
  else
    writer_pair (writer, "q", point + 1, length);
  if (secret && !put_edwards_secret (writer, key, edwards[row].reverse))
    return FALSE;
  writer_text (writer, ")");
  return TRUE;
}

static gboolean
put_key (Writer *writer, EVP_PKEY *key, gboolean secret)
{
  if (EVP_PKEY_is_a (key, "RSA") || EVP_PKEY_is_a (key, "RSA-PSS"))
    return put_rsa (writer, key, secret);
  if (EVP_PKEY_is_a (key, "EC"))
    return put_ec (writer, key, secret);
  for (gsize i = 0; i < G_N_ELEMENTS (edwards); i++)
    if (EVP_PKEY_is_a (key, edwards[i].type))
      return put_edwards (writer, key, i, secret);
  return FALSE;
}

static GBytes *
key_expression (EVP_PKEY *key, gboolean secret, GError **error)
{
  Writer writer;
  g_autoptr (GBytes) sexp = NULL;
  gboolean done;

  writer_init (&writer);
  writer_text (&writer, secret ? "(11:private-key" : "(10:public-key");
  done = put_key (&writer, key, secret);
  writer_text (&writer, ")");
  sexp = writer_finish (&writer);
  if (done && sexp != NULL)
    return g_steal_pointer (&sexp);
  ll_openssl_set_error (error, secret ? LL_ERROR_BAD_DATA : LL_ERROR_UNSUPPORTED_ALGORITHM,
                        _ ("A key of the kind “%s” cannot be used with gpg-agent"),
                        EVP_PKEY_get0_type_name (key) != NULL ? EVP_PKEY_get0_type_name (key)
                                                              : "?");
  return NULL;
}

GBytes *
ll_sexp_public_key (EVP_PKEY *key, GError **error)
{
  g_return_val_if_fail (key != NULL, NULL);
  return key_expression (key, FALSE, error);
}

GBytes *
ll_sexp_private_key (EVP_PKEY *key, GError **error)
{
  g_return_val_if_fail (key != NULL, NULL);
  return key_expression (key, TRUE, error);
}

static void
gcrypt_init (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done))
    {
      /* only public keys pass through libgcrypt here: no secure memory needed */
      if (!gcry_control (GCRYCTL_INITIALIZATION_FINISHED_P))
        {
          gcry_check_version (NULL);
          gcry_control (GCRYCTL_DISABLE_SECMEM, 0);
          gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
        }
      g_once_init_leave (&done, 1);
    }
}

char *
ll_sexp_keygrip (EVP_PKEY *key, GError **error)
{
  g_autoptr (GBytes) public = ll_sexp_public_key (key, error);
  guint8 grip[KEYGRIP_LENGTH];
  gcry_sexp_t sexp = NULL;
  gboolean done;

  if (public == NULL)
    return NULL;
  gcrypt_init ();
  done = gcry_sexp_new (&sexp, g_bytes_get_data (public, NULL), g_bytes_get_size (public), 0) == 0
         && gcry_pk_get_keygrip (sexp, grip) != NULL;
  gcry_sexp_release (sexp);
  if (done)
    return ll_hex_encode (grip, sizeof grip);
  g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
               _ ("The installed libgcrypt does not know keys of the kind “%s”."),
               EVP_PKEY_get0_type_name (key));
  return NULL;
}

GBytes *
ll_sexp_rsa_ciphertext (const guint8 *ciphertext, gsize length)
{
  Writer writer;
  guint8 zero = 0;

  /* The zero in front keeps the agent from reading a negative number. */
  writer_init (&writer);
  writer_text (&writer, "(7:enc-val(3:rsa(1:a");
  if (length > 0 && (ciphertext[0] & 0x80) != 0)
    {
      char prefix[32];
      g_snprintf (prefix, sizeof prefix, "%" G_GSIZE_FORMAT ":", length + 1);
      writer_text (&writer, prefix);
      writer_put (&writer, &zero, 1);
      writer_put (&writer, ciphertext, length);
    }
  else
    writer_atom (&writer, ciphertext, length);
  writer_text (&writer, ")))");
  return writer_finish (&writer);
}

GBytes *
ll_sexp_ecdh_ciphertext (const guint8 *point, gsize length)
{
  Writer writer;

  writer_init (&writer);
  writer_text (&writer, "(7:enc-val(4:ecdh");
  writer_pair (&writer, "e", point, length);
  writer_text (&writer, "))");
  return writer_finish (&writer);
}

/* Reading. */

typedef struct
{
  const guint8 *at, *end;
} Reader;

static gboolean
reader_atom (Reader *reader, const guint8 **data, gsize *length)
{
  gsize size = 0;

  if (reader->at == reader->end || !g_ascii_isdigit (*reader->at))
    return FALSE;
  for (; reader->at < reader->end && g_ascii_isdigit (*reader->at); reader->at++)
    {
      size = size * 10 + (gsize)(*reader->at - '0');
      if (size > WRITER_SIZE)
        return FALSE;
    }
  if (reader->at == reader->end || *reader->at++ != ':' || size > (gsize)(reader->end - reader->at))
    return FALSE;
  *data = reader->at;
  *length = size;
  reader->at += size;
  return TRUE;
}

/* Finds the first list "(name value" at any depth, value being an atom. */
static gboolean
reader_find (Reader reader, const char *name, const guint8 **value, gsize *value_length)
{
  guint depth = 0;
  const guint8 *data;
  gsize length;

  while (reader.at < reader.end)
    {
      if (*reader.at == ')')
        {
          reader.at++;
          if (depth-- <= 1)
            return FALSE;
        }
      else if (*reader.at == '(')
        {
          reader.at++;
          if (++depth > MAX_DEPTH || !reader_atom (&reader, &data, &length))
            return FALSE;
          if (length == strlen (name) && memcmp (data, name, length) == 0)
            return reader_atom (&reader, value, value_length);
        }
      else if (!reader_atom (&reader, &data, &length))
        return FALSE;
    }
  return FALSE;
}

gboolean
ll_sexp_find (GBytes *sexp, const char *name, const guint8 **value, gsize *length, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (sexp, &size);

  if (size > 0 && reader_find ((Reader){ data, data + size }, name, value, length))
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("gpg-agent answered something that has no “%s”."), name);
  return FALSE;
}

GBytes *
ll_sexp_value (GBytes *sexp, GError **error)
{
  const guint8 *value;
  gsize length;

  if (!ll_sexp_find (sexp, "value", &value, &length, error))
    return NULL;
  return ll_secret_bytes_new_take (g_memdup2 (value, length), length);
}

gboolean
ll_sexp_fit_integer (const guint8 *integer, gsize length, guint8 *fitted, gsize size)
{
  guint8 excess = 0;

  memset (fitted, 0, size);
  if (length <= size)
    {
      if (length > 0)
        memcpy (fitted + (size - length), integer, length);
      return TRUE;
    }
  for (gsize i = 0; i < length - size; i++)
    excess |= integer[i];
  memcpy (fitted, integer + (length - size), size);
  return excess == 0;
}

static gboolean
fit_value (GBytes *sexp, const char *name, guint8 *fitted, gsize size, GError **error)
{
  const guint8 *value;
  gsize length;

  if (!ll_sexp_find (sexp, name, &value, &length, error))
    return FALSE;
  if (ll_sexp_fit_integer (value, length, fitted, size))
    return TRUE;
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("gpg-agent answered a “%s” of %zu octets where %zu fit."), name, length, size);
  return FALSE;
}

GBytes *
ll_sexp_rsa_signature (GBytes *sexp, gsize size, GError **error)
{
  g_autofree guint8 *signature = g_malloc0 (size);

  if (!fit_value (sexp, "s", signature, size, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&signature), size);
}

GBytes *
ll_sexp_ecdsa_signature (GBytes *sexp, GError **error)
{
  g_autoptr (ECDSA_SIG) signature = ECDSA_SIG_new ();
  const guint8 *r, *s;
  gsize r_length, s_length;

  if (!ll_sexp_find (sexp, "r", &r, &r_length, error)
      || !ll_sexp_find (sexp, "s", &s, &s_length, error))
    return NULL;
  ECDSA_SIG_set0 (signature, BN_bin2bn (r, (int)r_length, NULL),
                  BN_bin2bn (s, (int)s_length, NULL));
  return LL_DER (signature, ECDSA_SIG);
}

GBytes *
ll_sexp_eddsa_signature (GBytes *sexp, gsize size, GError **error)
{
  g_autofree guint8 *signature = g_malloc0 (size);

  if (!fit_value (sexp, "r", signature, size / 2, error)
      || !fit_value (sexp, "s", signature + size / 2, size / 2, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&signature), size);
}

/* RSA: n and e; EC: the curve and the point q. */
static OSSL_PARAM *
public_parameters (GBytes *sexp, const char **type, GError **error)
{
  g_autoptr (OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new ();
  g_autoptr (BIGNUM) n = NULL;
  g_autoptr (BIGNUM) e = NULL;
  g_autofree char *name = NULL;
  const guint8 *first, *second;
  gsize first_length, second_length;

  if (ll_sexp_find (sexp, "curve", &first, &first_length, NULL))
    {
      if (!ll_sexp_find (sexp, "q", &second, &second_length, error))
        return NULL;
      *type = "EC";
      name = g_strndup ((const char *)first, first_length);
      if (g_str_has_prefix (name, "NIST "))
        memmove (name, name + 5, strlen (name + 5) + 1); /* OpenSSL: "P-256" */
      OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
      OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, second, second_length);
      return OSSL_PARAM_BLD_to_param (builder);
    }
  if (!ll_sexp_find (sexp, "n", &first, &first_length, error)
      || !ll_sexp_find (sexp, "e", &second, &second_length, error))
    return NULL;
  *type = "RSA";
  n = BN_bin2bn (first, (int)first_length, NULL);
  e = BN_bin2bn (second, (int)second_length, NULL);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_N, n);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_RSA_E, e);
  return OSSL_PARAM_BLD_to_param (builder);
}

EVP_PKEY *
ll_sexp_read_public_key (GBytes *sexp, OSSL_LIB_CTX *context, GError **error)
{
  const char *type = NULL;
  g_autoptr (OSSL_PARAM) parameters = public_parameters (sexp, &type, error);
  g_autoptr (EVP_PKEY_CTX) maker = NULL;
  EVP_PKEY *key = NULL;

  if (type == NULL)
    return NULL;
  maker = EVP_PKEY_CTX_new_from_name (context, type, "provider=default");
  if (parameters == NULL || maker == NULL || EVP_PKEY_fromdata_init (maker) <= 0
      || EVP_PKEY_fromdata (maker, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
    {
      ll_openssl_set_error (error, LL_ERROR_UNSUPPORTED_ALGORITHM,
                            _ ("OpenSSL does not take the public key that gpg-agent made"));
      return NULL;
    }
  return key;
}
