#include <config.h>

#include <string.h>

#include "base/text.h"
#include "bridge/openssl-glue.h"
#include "keys/key-private.h"
#include "keys/x509-name-private.h"

#define EMAIL_ADDRESS_MAX 255 /* ub-emailaddress-length, RFC 5280 appendix A.1 */

static const char smtp_utf8_mailbox[] = "1.3.6.1.5.5.7.8.9"; /* RFC 9598 section 3 */

/* UTF-8 without NUL, whatever stood there. */
static char *
dup_utf8 (const guchar *data, int length)
{
  return g_utf8_make_valid ((const char *)data, MAX (length, 0));
}

static char *
dup_string (const ASN1_STRING *string)
{
  guchar *utf8 = NULL;
  int length = ASN1_STRING_to_UTF8 (&utf8, string);
  char *text = length < 0 ? dup_utf8 (ASN1_STRING_get0_data (string), ASN1_STRING_length (string))
                          : dup_utf8 (utf8, length);

  OPENSSL_free (utf8);
  return text;
}

char *
ll_x509_name_to_text (const X509_NAME *name)
{
  const gulong flags = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV | XN_FLAG_FN_SN
                       | XN_FLAG_DUMP_UNKNOWN_FIELDS | ASN1_STRFLGS_UTF8_CONVERT
                       | ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_DUMP_UNKNOWN
                       | ASN1_STRFLGS_DUMP_DER;
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  char *data = NULL;
  glong length;

  if (bio == NULL || X509_NAME_print_ex (bio, name, 0, flags) < 0)
    return g_strdup ("");
  length = BIO_get_mem_data (bio, &data);
  return dup_utf8 ((const guchar *)data, (int)length);
}

char *
ll_x509_name_dup_entry (const X509_NAME *name, int nid)
{
  int at = X509_NAME_get_index_by_NID (name, nid, -1);

  return at < 0 ? NULL : dup_string (X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, at)));
}

/* A mailbox is believed only when it is an addr-spec, all of it: OpenSSL gives the octets of the
 * field, so a NUL shows as a length that strlen() does not agree with. */
typedef enum
{
  KIND_ASCII, /* rfc822Name, emailAddress */
  KIND_UTF8,  /* SmtpUTF8Mailbox */
} AddressKind;

/* IA-12, RFC 9598 section 3: SmtpUTF8Mailbox is for local parts that are not ASCII, and has no byte
 * order mark. */
static gboolean
is_utf8_mailbox (const char *text)
{
  const char *at = strrchr (text, '@');
  const guchar *c = (const guchar *)text;

  if (at == NULL || g_str_has_prefix (text, "\xEF\xBB\xBF"))
    return FALSE;
  while ((const char *)c < at && *c < 0x80)
    c++;
  return (const char *)c < at;
}

static void
add_address (LlKey *key, const ASN1_STRING *string, AddressKind kind, const char *name)
{
  const guchar *data = ASN1_STRING_get0_data (string);
  gsize length = (gsize)MAX (ASN1_STRING_length (string), 0);
  LlUserId *id = ll_key_add_user_id (key);
  gboolean whole = length > 0 && memchr (data, '\0', length) == NULL;

  id->text = dup_utf8 (data, (int)length);
  id->name = g_strdup (name);
  id->address = whole && ll_text_is_address (id->text) ? g_strdup (id->text) : NULL;
  id->invalid = id->address == NULL || strlen (id->text) != length
                || (kind == KIND_ASCII ? !g_str_is_ascii (id->text) : !is_utf8_mailbox (id->text));
}

static gboolean
is_smtp_utf8_mailbox (const OTHERNAME *other)
{
  char oid[64];

  return OBJ_obj2txt (oid, sizeof oid, other->type_id, 1) > 0
         && strcmp (oid, smtp_utf8_mailbox) == 0;
}

/* The address in one alternative name. An otherName of another kind is none of ours; one that says
 * it is a mailbox and is not a UTF8String is a bad mailbox (SC-20). */
static gboolean
add_general_name (LlKey *key, const GENERAL_NAME *general, const char *name)
{
  int type = 0;
  const void *value = GENERAL_NAME_get0_value (general, &type);

  if (type == GEN_EMAIL)
    add_address (key, value, KIND_ASCII, name);
  else if (type == GEN_OTHERNAME && is_smtp_utf8_mailbox (value))
    {
      const ASN1_TYPE *inner = ((const OTHERNAME *)value)->value;

      if (inner != NULL && ASN1_TYPE_get (inner) == V_ASN1_UTF8STRING)
        add_address (key, inner->value.utf8string, KIND_UTF8, name);
      else
        ll_key_add_user_id (key)->invalid = TRUE;
    }
  else
    return FALSE;
  return TRUE;
}

/* TRUE when the alternative name speaks about addresses at all, good or bad; also when it cannot be
 * read, so that a broken one never makes the subject count. */
static gboolean
add_alternative_names (LlKey *key, X509 *certificate, const char *name)
{
  int critical = -1;
  g_autoptr (LlGeneralNames) names
      = X509_get_ext_d2i (certificate, NID_subject_alt_name, &critical, NULL);
  gboolean found = FALSE;

  if (names == NULL)
    return critical != -1; /* -1: there is none; else it is broken, or there are two */
  for (int i = 0; i < sk_GENERAL_NAME_num (names); i++)
    found |= add_general_name (key, sk_GENERAL_NAME_value (names, i), name);
  return found;
}

/* PKCS #9 emailAddress is an IA5String of at most 255 characters (SC-21). */
static void
add_subject_addresses (LlKey *key, const X509_NAME *subject, const char *name)
{
  for (int at = X509_NAME_get_index_by_NID (subject, NID_pkcs9_emailAddress, -1); at >= 0;
       at = X509_NAME_get_index_by_NID (subject, NID_pkcs9_emailAddress, at))
    {
      const ASN1_STRING *value = X509_NAME_ENTRY_get_data (X509_NAME_get_entry (subject, at));

      add_address (key, value, KIND_ASCII, name);
      if (ASN1_STRING_type (value) != V_ASN1_IA5STRING
          || ASN1_STRING_length (value) > EMAIL_ADDRESS_MAX)
        ((LlUserId *)g_ptr_array_index (key->user_ids, key->user_ids->len - 1))->invalid = TRUE;
    }
}

void
ll_x509_name_add_user_ids (X509 *certificate, LlKey *key, const char *name, gboolean subject_counts)
{
  const X509_NAME *subject = X509_get_subject_name (certificate);

  if (!add_alternative_names (key, certificate, name) && subject_counts)
    add_subject_addresses (key, subject, name);

  /* a certificate without an address still has a name to be shown by (SC-07) */
  if (key->user_ids->len == 0)
    {
      LlUserId *id = ll_key_add_user_id (key);

      id->text = ll_x509_name_to_text (subject);
      id->name = g_strdup (name);
    }
  for (guint i = 0; i < key->user_ids->len; i++)
    {
      LlUserId *id = g_ptr_array_index (key->user_ids, i);

      if (id->text == NULL)
        id->text = g_strdup ("");
    }
}
