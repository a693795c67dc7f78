/* cms-reader.h - takes a CMS object apart while it streams by (RFC 5652, RFC 5083, RFC 3274).
 *
 * What enters: BER or DER, or the same in base64 or PEM. What leaves: the content, octet string by
 * octet string, without ever being held; and the small parts around it, raw, from which an object
 * without content is put together again for OpenSSL to work on. So a large message costs no memory,
 * each signerInfo can be judged by itself (CM-15), and a certificate that nobody can parse spoils
 * nothing (SC-05). Everything that is held is bounded (CM-20).
 *
 * It does not understand algorithms, names or attributes, and it checks no signature.
 */
#pragma once

#include <gio/gio.h>

#include "base/reason.h"

G_BEGIN_DECLS

typedef enum
{
  LL_CMS_OTHER, /* CMS, but no type that we know */
  LL_CMS_SIGNED,
  LL_CMS_ENVELOPED,
  LL_CMS_AUTH_ENVELOPED,
  LL_CMS_COMPRESSED,
} LlCmsKind;

/* What is known so far: down to `content_algorithm` once opened, the rest once finished. The bytes
 * are whole elements, as they came. */
typedef struct
{
  LlCmsKind kind;
  gboolean has_content;         /* FALSE: the content is detached */
  gboolean content_is_data;     /* the content's type is id-data */
  gboolean content_is_object;   /* it is id-ct-contentInfo: another CMS object, whole */
  GPtrArray *digest_algorithms; /* signed: of GBytes, each an AlgorithmIdentifier */
  GBytes *content_algorithm;    /* encrypted, compressed: how; an AlgorithmIdentifier */

  GPtrArray *certificates; /* signed: of GBytes; only X.509, other choices are skipped */
  GPtrArray *crls;         /* signed: of GBytes, LL_LIMIT_CMS_CRLS at most; only X.509 (CM-10) */
  GPtrArray *ocsps;        /* signed: of GBytes, as many at most: OCSP responses (CM-10) */
  GPtrArray *signer_infos; /* signed: of GBytes */
  GBytes *authenticated;   /* authenveloped: the attributes, with their own tag; or NULL */
  GBytes *mac;             /* authenveloped: the octets of the tag */
  LlReason limit;          /* LIMIT_SIGNERS, LIMIT_CERTIFICATES: more came than we look at */
  gboolean has_trailing_bytes; /* something follows the object (CM-20) */
} LlCmsParts;

typedef struct _LlCmsReader LlCmsReader;

/* What an object says that it is, by its first octets alone; OTHER when it is none. */
LlCmsKind ll_cms_reader_look_at_kind (GInputStream *in);

/* Reads up to the content. `in` must stay; `cancellable` (nullable) is for all reads. Errors here
 * and below: LL_ERROR_BAD_DATA (not CMS, truncated, over a limit), or the stream's own.
 * (transfer full) */
LlCmsReader *ll_cms_reader_open (GInputStream *in, GCancellable *cancellable, GError **error);
void ll_cms_reader_free (LlCmsReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlCmsReader, ll_cms_reader_free)

/* Borrowed. */
const LlCmsParts *ll_cms_reader_get_parts (const LlCmsReader *reader);

/* The next octets of the content, at most `size`; 0 at its end, -1 on error. */
gssize ll_cms_reader_read (LlCmsReader *reader, guint8 *buffer, gsize size, GError **error);

/* Passes over what is left of the content and reads what follows it. */
gboolean ll_cms_reader_finish (LlCmsReader *reader, GError **error);

/* The SignedData with this one signerInfo, without content, certificates and CRLs. (transfer full)
 */
GBytes *ll_cms_reader_signed_object (const LlCmsReader *reader, GBytes *signer_info);

/* The RecipientInfos of an EnvelopedData or AuthEnvelopedData, as they came. (transfer full) */
GBytes *ll_cms_reader_get_recipients (const LlCmsReader *reader);

G_END_DECLS
