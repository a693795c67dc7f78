#include <config.h>

#include <glib/gi18n.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "base/error.h"
#include "base/limits.h"
#include "engine/cms-recipients-private.h"
#include "engine/engine-smime-private.h"

#define ID_ORI_KEM "1.2.840.113549.1.9.16.13.3" /* RFC 9629 section 3 */

/* ---- the structures, as the standards write them ---- */

/* RFC 5652 section 6.2.1 */
typedef struct
{
  int type;
  union
  {
    PKCS7_ISSUER_AND_SERIAL *issuer_and_serial;
    ASN1_OCTET_STRING *key_id;
  } d;
} RecipientId;

typedef struct
{
  ASN1_INTEGER *version;
  RecipientId *id;
  X509_ALGOR *algorithm;
  ASN1_OCTET_STRING *encrypted_key;
} Transport;

/* RFC 5652 section 6.2.2 */
typedef struct
{
  X509_ALGOR *algorithm;
  ASN1_BIT_STRING *public_key;
} OriginatorKey;

typedef struct
{
  int type;
  union
  {
    PKCS7_ISSUER_AND_SERIAL *issuer_and_serial;
    ASN1_OCTET_STRING *key_id;
    OriginatorKey *key;
  } d;
} Originator;

typedef struct
{
  ASN1_OCTET_STRING *key_id;
  ASN1_GENERALIZEDTIME *date;
  ASN1_TYPE *other;
} RecipientKeyId;

typedef struct
{
  int type;
  union
  {
    PKCS7_ISSUER_AND_SERIAL *issuer_and_serial;
    RecipientKeyId *key_id;
  } d;
} AgreementId;

typedef struct
{
  AgreementId *id;
  ASN1_OCTET_STRING *encrypted_key;
} EncryptedKey;

DEFINE_STACK_OF (EncryptedKey)

typedef struct
{
  ASN1_INTEGER *version;
  Originator *originator;
  ASN1_OCTET_STRING *ukm;
  X509_ALGOR *algorithm;
  STACK_OF (EncryptedKey) * keys;
} Agreement;

/* RFC 5652 section 6.2.5, RFC 9629 section 3 */
typedef struct
{
  ASN1_OBJECT *type;
  ASN1_TYPE *value;
} Other;

typedef struct
{
  ASN1_INTEGER *version;
  RecipientId *id;
  X509_ALGOR *kem;
  ASN1_OCTET_STRING *ciphertext;
  X509_ALGOR *kdf;
  ASN1_INTEGER *kek_length;
  ASN1_OCTET_STRING *ukm;
  X509_ALGOR *wrap;
  ASN1_OCTET_STRING *encrypted_key;
} Kem;

typedef struct
{
  int type;
  union
  {
    Transport *transport;
    Agreement *agreement;
    ASN1_TYPE *shared_key;
    ASN1_TYPE *password;
    Other *other;
  } d;
} Info;

DEFINE_STACK_OF (Info)
typedef STACK_OF (Info) InfoStack;

/* The place of a CHOICE's alternatives in the templates below. */
enum
{
  ID_ISSUER_AND_SERIAL,
  ID_KEY_ID,
  ORIGINATOR_KEY,
};

enum
{
  INFO_TRANSPORT,
  INFO_AGREEMENT,
  INFO_SHARED_KEY,
  INFO_PASSWORD,
  INFO_OTHER,
};

/* clang-format off */
ASN1_CHOICE (RecipientId) = {
  ASN1_SIMPLE (RecipientId, d.issuer_and_serial, PKCS7_ISSUER_AND_SERIAL),
  ASN1_IMP (RecipientId, d.key_id, ASN1_OCTET_STRING, 0)
} static_ASN1_CHOICE_END (RecipientId)

ASN1_SEQUENCE (Transport) = {
  ASN1_SIMPLE (Transport, version, ASN1_INTEGER),
  ASN1_SIMPLE (Transport, id, RecipientId),
  ASN1_SIMPLE (Transport, algorithm, X509_ALGOR),
  ASN1_SIMPLE (Transport, encrypted_key, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END (Transport)

ASN1_SEQUENCE (OriginatorKey) = {
  ASN1_SIMPLE (OriginatorKey, algorithm, X509_ALGOR),
  ASN1_SIMPLE (OriginatorKey, public_key, ASN1_BIT_STRING)
} static_ASN1_SEQUENCE_END (OriginatorKey)

ASN1_CHOICE (Originator) = {
  ASN1_SIMPLE (Originator, d.issuer_and_serial, PKCS7_ISSUER_AND_SERIAL),
  ASN1_IMP (Originator, d.key_id, ASN1_OCTET_STRING, 0),
  ASN1_IMP (Originator, d.key, OriginatorKey, 1)
} static_ASN1_CHOICE_END (Originator)

ASN1_SEQUENCE (RecipientKeyId) = {
  ASN1_SIMPLE (RecipientKeyId, key_id, ASN1_OCTET_STRING),
  ASN1_OPT (RecipientKeyId, date, ASN1_GENERALIZEDTIME),
  ASN1_OPT (RecipientKeyId, other, ASN1_ANY)
} static_ASN1_SEQUENCE_END (RecipientKeyId)

ASN1_CHOICE (AgreementId) = {
  ASN1_SIMPLE (AgreementId, d.issuer_and_serial, PKCS7_ISSUER_AND_SERIAL),
  ASN1_IMP (AgreementId, d.key_id, RecipientKeyId, 0)
} static_ASN1_CHOICE_END (AgreementId)

ASN1_SEQUENCE (EncryptedKey) = {
  ASN1_SIMPLE (EncryptedKey, id, AgreementId),
  ASN1_SIMPLE (EncryptedKey, encrypted_key, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END (EncryptedKey)

ASN1_SEQUENCE (Agreement) = {
  ASN1_SIMPLE (Agreement, version, ASN1_INTEGER),
  ASN1_EXP (Agreement, originator, Originator, 0),
  ASN1_EXP_OPT (Agreement, ukm, ASN1_OCTET_STRING, 1),
  ASN1_SIMPLE (Agreement, algorithm, X509_ALGOR),
  ASN1_SEQUENCE_OF (Agreement, keys, EncryptedKey)
} static_ASN1_SEQUENCE_END (Agreement)

ASN1_SEQUENCE (Other) = {
  ASN1_SIMPLE (Other, type, ASN1_OBJECT),
  ASN1_OPT (Other, value, ASN1_ANY)
} static_ASN1_SEQUENCE_END (Other)

ASN1_SEQUENCE (Kem) = {
  ASN1_SIMPLE (Kem, version, ASN1_INTEGER),
  ASN1_SIMPLE (Kem, id, RecipientId),
  ASN1_SIMPLE (Kem, kem, X509_ALGOR),
  ASN1_SIMPLE (Kem, ciphertext, ASN1_OCTET_STRING),
  ASN1_SIMPLE (Kem, kdf, X509_ALGOR),
  ASN1_SIMPLE (Kem, kek_length, ASN1_INTEGER),
  ASN1_EXP_OPT (Kem, ukm, ASN1_OCTET_STRING, 0),
  ASN1_SIMPLE (Kem, wrap, X509_ALGOR),
  ASN1_SIMPLE (Kem, encrypted_key, ASN1_OCTET_STRING)
} static_ASN1_SEQUENCE_END (Kem)

ASN1_CHOICE (Info) = {
  ASN1_SIMPLE (Info, d.transport, Transport),
  ASN1_IMP (Info, d.agreement, Agreement, 1),
  ASN1_IMP (Info, d.shared_key, ASN1_SEQUENCE, 2),
  ASN1_IMP (Info, d.password, ASN1_SEQUENCE, 3),
  ASN1_IMP (Info, d.other, Other, 4)
} static_ASN1_CHOICE_END (Info)

ASN1_ITEM_TEMPLATE (Infos) =
  ASN1_EX_TEMPLATE_TYPE (ASN1_TFLG_SET_OF, 0, infos, Info)
static_ASN1_ITEM_TEMPLATE_END (Infos)
    /* clang-format on */

    struct _LlRecipients
{
  InfoStack *infos;
  GPtrArray *wraps; /* X509_ALGOR: of the agreements, parsed out of a parameter */
  GPtrArray *kems;  /* Kem: parsed out of the others */
  GArray *list;     /* LlRecipient */
};

static void
kem_free (gpointer kem)
{
  ASN1_item_free (kem, ASN1_ITEM_rptr (Kem));
}

static void
wrap_free (gpointer wrap)
{
  X509_ALGOR_free (wrap);
}

/* ---- the flat list ---- */

static void
set_issuer_and_serial (LlRecipient *recipient, const PKCS7_ISSUER_AND_SERIAL *id)
{
  recipient->issuer = id->issuer;
  recipient->serial = id->serial;
}

static void
set_id (LlRecipient *recipient, const RecipientId *id)
{
  if (id->type == ID_KEY_ID)
    recipient->key_id = id->d.key_id;
  else
    set_issuer_and_serial (recipient, id->d.issuer_and_serial);
}

static void
add_transport (LlRecipients *self, const Transport *transport)
{
  LlRecipient recipient = { .kind = LL_RECIPIENT_TRANSPORT,
                            .algorithm = transport->algorithm,
                            .encrypted_key = transport->encrypted_key };

  set_id (&recipient, transport->id);
  g_array_append_val (self->list, recipient);
}

/* RFC 5753 section 7.1.4: the parameter of the agreement is the algorithm of the wrap. */
static X509_ALGOR *
take_wrap (LlRecipients *self, const X509_ALGOR *algorithm)
{
  X509_ALGOR *wrap
      = algorithm->parameter != NULL && algorithm->parameter->type == V_ASN1_SEQUENCE
            ? ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (X509_ALGOR), algorithm->parameter)
            : NULL;

  if (wrap != NULL)
    g_ptr_array_add (self->wraps, wrap);
  return wrap;
}

static void
add_agreement (LlRecipients *self, const Agreement *agreement)
{
  LlRecipient recipient = { .kind = LL_RECIPIENT_AGREEMENT,
                            .algorithm = agreement->algorithm,
                            .wrap = take_wrap (self, agreement->algorithm),
                            .ukm = agreement->ukm };

  if (agreement->originator->type == ORIGINATOR_KEY)
    recipient.originator = agreement->originator->d.key->public_key;
  for (int i = 0; i < sk_EncryptedKey_num (agreement->keys); i++)
    {
      const EncryptedKey *key = sk_EncryptedKey_value (agreement->keys, i);
      recipient.encrypted_key = key->encrypted_key;
      recipient.key_id = NULL;
      recipient.issuer = NULL;
      recipient.serial = NULL;
      if (key->id->type == ID_KEY_ID)
        recipient.key_id = key->id->d.key_id->key_id;
      else
        set_issuer_and_serial (&recipient, key->id->d.issuer_and_serial);
      g_array_append_val (self->list, recipient);
      if (self->list->len > LL_LIMIT_RECIPIENTS)
        return;
    }
}

/* PQ-04 */
static gboolean
add_kem (LlRecipients *self, const Other *other)
{
  char dotted[80];

  OBJ_obj2txt (dotted, sizeof dotted, other->type, 1);
  if (!g_str_equal (dotted, ID_ORI_KEM) || other->value == NULL
      || other->value->type != V_ASN1_SEQUENCE)
    return FALSE;
  Kem *kem = ASN1_TYPE_unpack_sequence (ASN1_ITEM_rptr (Kem), other->value);
  if (kem == NULL)
    return FALSE;
  g_ptr_array_add (self->kems, kem);

  LlRecipient recipient = { .kind = LL_RECIPIENT_KEM,
                            .algorithm = kem->kem,
                            .encrypted_key = kem->encrypted_key,
                            .wrap = kem->wrap,
                            .ukm = kem->ukm,
                            .kem_ciphertext = kem->ciphertext,
                            .kdf = kem->kdf,
                            .kek_length = ASN1_INTEGER_get (kem->kek_length) };
  set_id (&recipient, kem->id);
  g_array_append_val (self->list, recipient);
  return TRUE;
}

static void
add_listed (LlRecipients *self, LlRecipientKind kind)
{
  LlRecipient recipient = { .kind = kind };
  g_array_append_val (self->list, recipient);
}

static void
add_info (LlRecipients *self, const Info *info)
{
  switch (info->type)
    {
    case INFO_TRANSPORT:
      add_transport (self, info->d.transport);
      break;
    case INFO_AGREEMENT:
      add_agreement (self, info->d.agreement);
      break;
    case INFO_SHARED_KEY:
      add_listed (self, LL_RECIPIENT_SHARED_KEY);
      break;
    case INFO_PASSWORD:
      add_listed (self, LL_RECIPIENT_PASSWORD);
      break;
    default:
      if (!add_kem (self, info->d.other))
        add_listed (self, LL_RECIPIENT_OTHER);
    }
}

LlRecipients *
ll_recipients_new (GBytes *set, GError **error)
{
  g_autoptr (LlRecipients) self = g_new0 (LlRecipients, 1);
  gsize length;
  const guint8 *at = g_bytes_get_data (set, &length), *end = at + length;

  self->wraps = g_ptr_array_new_with_free_func (wrap_free);
  self->kems = g_ptr_array_new_with_free_func (kem_free);
  self->list = g_array_new (FALSE, FALSE, sizeof (LlRecipient));
  self->infos = (InfoStack *)ASN1_item_d2i (NULL, &at, (long)length, ASN1_ITEM_rptr (Infos));
  if (self->infos == NULL || at != end || sk_Info_num (self->infos) == 0)
    {
      ll_openssl_set_error (error, LL_ERROR_BAD_DATA,
                            _ ("The recipients of the S/MIME (CMS) object are not well-formed"));
      return NULL;
    }
  for (int i = 0; i < sk_Info_num (self->infos) && self->list->len <= LL_LIMIT_RECIPIENTS; i++)
    add_info (self, sk_Info_value (self->infos, i));
  ERR_clear_error ();
  if (self->list->len <= LL_LIMIT_RECIPIENTS)
    return g_steal_pointer (&self);
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The message is encrypted to more recipients than the limit of %d."),
               LL_LIMIT_RECIPIENTS);
  return NULL;
}

void
ll_recipients_free (LlRecipients *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->list);
  g_ptr_array_unref (self->kems);
  g_ptr_array_unref (self->wraps);
  ASN1_item_free ((ASN1_VALUE *)self->infos, ASN1_ITEM_rptr (Infos));
  g_free (self);
}

guint
ll_recipients_get_n (const LlRecipients *self)
{
  return self->list->len;
}

const LlRecipient *
ll_recipients_get (const LlRecipients *self, guint index)
{
  return &g_array_index (self->list, LlRecipient, index);
}

/* ---- one recipient ---- */

gboolean
ll_recipient_matches (const LlRecipient *recipient, X509 *certificate)
{
  if (recipient->key_id != NULL)
    return ll_smime_has_key_id (certificate, recipient->key_id);
  return recipient->issuer != NULL
         && ASN1_INTEGER_cmp (recipient->serial, X509_get0_serialNumber (certificate)) == 0
         && X509_NAME_cmp (recipient->issuer, X509_get_issuer_name (certificate)) == 0;
}

char *
ll_recipient_get_hint (const LlRecipient *recipient)
{
  switch (recipient->kind)
    {
    case LL_RECIPIENT_PASSWORD:
      return g_strdup ("password");
    case LL_RECIPIENT_SHARED_KEY:
      return g_strdup ("shared key");
    case LL_RECIPIENT_OTHER:
      return g_strdup ("other");
    default:
      return ll_smime_hint (recipient->key_id, recipient->issuer, recipient->serial);
    }
}

gboolean
ll_algorithm_is (const X509_ALGOR *algorithm, const char *dotted)
{
  char text[80];

  return algorithm != NULL && OBJ_obj2txt (text, sizeof text, algorithm->algorithm, 1) > 0
         && g_str_equal (text, dotted);
}
