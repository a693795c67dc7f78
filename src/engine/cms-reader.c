#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/limits.h"
#include "engine/cms-reader.h"

/* Tags: class, constructed bit and number in one octet. */
#define TAG_INTEGER 0x02
#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30
#define TAG_SET 0x31
#define TAG_CONSTRUCTED 0x20
#define TAG_CONTEXT(n) (0x80 | (n))
#define TAG_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))

#define BUFFER_BYTES (64 * 1024)
#define TEXT_BYTES (64 * 1024)
#define INDEFINITE (-1)
#define INDEFINITE_OCTET 0x80

/* One constructed element that we are inside of. */
typedef struct
{
  gint64 end;   /* position where it ends, or INDEFINITE: at the end-of-contents octets */
  gint64 limit; /* position that nothing inside may pass */
} Frame;

typedef struct
{
  guint8 tag;
  gint64 length; /* or INDEFINITE */
  guint8 raw[10];
  gsize raw_length;
} Header;

struct _LlCmsReader
{
  LlCmsParts parts;
  GError *error; /* the first thing that went wrong; everything after it fails too */

  /* the source */
  GInputStream *in;
  GCancellable *cancellable;
  guint8 buffer[BUFFER_BYTES];
  gsize start, end; /* of what is in the buffer */
  gsize touched;    /* how far it has ever been filled: what there is to wipe */
  gboolean source_ended;
  char *text; /* TEXT_BYTES, where the source is text; else NULL */
  gboolean in_base64;
  LlBase64 base64;

  /* where we are in it */
  gint64 position;
  Frame frames[LL_LIMIT_CMS_DEPTH];
  guint depth;
  gsize held; /* octets copied so far */

  /* the content */
  guint8 content_tag;  /* primitive form */
  guint content_depth; /* frames outside it */
  gint64 chunk;        /* octets left of the string we are in */
  gboolean content_open, content_ended;

  /* what an object is put together from again */
  GByteArray *object_type, *version, *recipients, *content_type;
};

static const guint8 oid_data[] = { 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1 };
/* id-ct-contentInfo, RFC 5911 */
static const guint8 oid_object[] = { 0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 6 };

static const struct
{
  LlCmsKind kind;
  guint8 length;
  guint8 oid[13];
} kinds[] = {
  { LL_CMS_SIGNED, 11, { 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2 } },
  { LL_CMS_ENVELOPED, 11, { 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3 } },
  { LL_CMS_AUTH_ENVELOPED, 13, { 0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 23 } },
  { LL_CMS_COMPRESSED, 13, { 0x06, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 9 } },
};

static gboolean
fail (LlCmsReader *self, const char *message)
{
  if (self->error == NULL)
    g_set_error_literal (&self->error, LL_ERROR, LL_ERROR_BAD_DATA, message);
  return FALSE;
}

static gboolean
fail_malformed (LlCmsReader *self)
{
  return fail (self, _ ("This is not a well-formed S/MIME (CMS) object."));
}

static gboolean
fail_truncated (LlCmsReader *self)
{
  return fail (self, _ ("The S/MIME (CMS) object is cut short."));
}

/* ---- the source: octets, or base64 between or without PEM lines ---- */

/* Passes over blanks or, where there is PEM, over all up to the line "-----BEGIN ...-----", which
 * some programs put words before. Gives where the base64 begins, or `length`. */
static gsize
find_base64 (const char *text, gsize length)
{
  const char *begin = memmem (text, length, "-----BEGIN ", strlen ("-----BEGIN "));
  gsize i = begin != NULL ? (gsize)(begin - text) : 0;

  if (begin != NULL)
    while (i < length && text[i] != '\n')
      i++;
  while (i < length && g_ascii_isspace (text[i]))
    i++;
  return i;
}

static void
decode_text (LlCmsReader *self, const char *text, gsize length)
{
  gsize from = self->in_base64 ? 0 : find_base64 (text, length);
  const char *dash = memchr (text + from, '-', length - from);
  gsize to = dash != NULL ? (gsize)(dash - text) : length;

  self->in_base64 = from < length;
  self->end += ll_base64_decode (&self->base64, text + from, to - from, self->buffer + self->end);
  if (dash != NULL)
    self->source_ended = TRUE;
}

static gboolean
fill (LlCmsReader *self)
{
  gsize room = BUFFER_BYTES - (self->end - self->start);
  gssize n;

  memmove (self->buffer, self->buffer + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;
  if (g_cancellable_set_error_if_cancelled (self->cancellable, &self->error))
    return FALSE;
  if (self->text != NULL)
    n = g_input_stream_read (self->in, self->text, MIN (TEXT_BYTES, room), self->cancellable,
                             &self->error);
  else
    n = g_input_stream_read (self->in, self->buffer + self->end, room, self->cancellable,
                             &self->error);
  if (n < 0)
    return FALSE;
  if (n == 0)
    self->source_ended = TRUE;
  else if (self->text != NULL)
    decode_text (self, self->text, n);
  else
    self->end += n;
  self->touched = MAX (self->touched, self->end);
  return TRUE;
}

/* Makes `n` octets (a handful) stand in the buffer; FALSE without error when fewer are left. */
static gboolean
have (LlCmsReader *self, gsize n)
{
  while (self->end - self->start < n)
    if (self->error != NULL || self->source_ended || !fill (self))
      return FALSE;
  return self->error == NULL;
}

/* Some octets that are there, at most `size`: 0 only at the end or on error. */
static gsize
take_some (LlCmsReader *self, guint8 *into, gsize size)
{
  gsize n = have (self, 1) ? MIN (size, self->end - self->start) : 0;

  if (into != NULL && n > 0)
    memcpy (into, self->buffer + self->start, n);
  self->start += n;
  self->position += n;
  return n;
}

/* Large pieces of content need not pass through the buffer. */
static gsize
take_directly (LlCmsReader *self, guint8 *into, gsize size)
{
  gssize n;

  if (self->text != NULL || self->start < self->end || self->source_ended || size < BUFFER_BYTES)
    return take_some (self, into, size);
  n = g_input_stream_read (self->in, into, size, self->cancellable, &self->error);
  if (n == 0)
    self->source_ended = TRUE;
  self->position += MAX (n, 0);
  return (gsize)MAX (n, 0);
}

static void
recognise_text (LlCmsReader *self)
{
  if (!have (self, 1) || self->buffer[self->start] == TAG_SEQUENCE)
    return;

  g_autofree char *text = g_memdup2 (self->buffer, self->end);
  gsize length = self->end;
  self->end = self->start = 0;
  self->text = g_malloc (TEXT_BYTES);
  decode_text (self, text, length);
  self->touched = MAX (self->touched, self->end);
}

/* ---- elements ---- */

static gint64
limit_here (const LlCmsReader *self)
{
  return self->depth > 0 ? self->frames[self->depth - 1].limit : G_MAXINT64;
}

static gboolean
take_octet (LlCmsReader *self, Header *header)
{
  if (take_some (self, header->raw + header->raw_length, 1) != 1)
    return fail_truncated (self);
  header->raw_length++;
  return TRUE;
}

static gboolean
read_header (LlCmsReader *self, Header *header)
{
  header->raw_length = 0;
  if (!take_octet (self, header) || !take_octet (self, header))
    return FALSE;
  header->tag = header->raw[0];
  guint8 first = header->raw[1];
  header->length = first;
  if ((header->tag & 0x1f) == 0x1f)
    return fail_malformed (self);
  if (first == INDEFINITE_OCTET)
    {
      header->length = INDEFINITE;
      return (header->tag & TAG_CONSTRUCTED) != 0 || fail_malformed (self);
    }
  if (first > INDEFINITE_OCTET)
    {
      header->length = 0;
      if (first > 0x87)
        return fail_malformed (self);
      for (guint i = 0; i < (first & 0x7fu); i++)
        {
          if (!take_octet (self, header))
            return FALSE;
          header->length = header->length << 8 | header->raw[header->raw_length - 1];
        }
    }
  if (header->length > limit_here (self) - self->position)
    return fail_malformed (self);
  return TRUE;
}

/* At the end of the element that we are inside of; TRUE also after an error, so that loops end. */
static gboolean
at_end (LlCmsReader *self)
{
  const Frame *frame = &self->frames[self->depth - 1];

  if (frame->end != INDEFINITE && self->position > frame->end)
    fail_malformed (self);
  if (self->error != NULL)
    return TRUE;
  if (frame->end != INDEFINITE)
    return self->position == frame->end;
  if (!have (self, 2))
    return !fail_truncated (self);
  return self->buffer[self->start] == 0 && self->buffer[self->start + 1] == 0;
}

/* The tag of the next element, or 0 when there is none. */
static guint8
next_tag (LlCmsReader *self)
{
  if (self->depth > 0 && at_end (self))
    return 0;
  if (!have (self, 1))
    return (guint8)fail_truncated (self);
  return self->buffer[self->start];
}

static gboolean
push (LlCmsReader *self, const Header *header)
{
  gint64 limit = limit_here (self);
  Frame frame = { INDEFINITE, limit };

  if (header->length != INDEFINITE)
    frame.end = frame.limit = self->position + header->length;
  if (self->depth == LL_LIMIT_CMS_DEPTH)
    {
      g_autofree char *message
          = g_strdup_printf (_ ("The S/MIME (CMS) object is nested deeper than the limit of %d."),
                             LL_LIMIT_CMS_DEPTH);
      return fail (self, message);
    }
  self->frames[self->depth++] = frame;
  return TRUE;
}

static gboolean
enter (LlCmsReader *self, guint8 tag)
{
  Header header;

  if (next_tag (self) != tag)
    return fail_malformed (self);
  return read_header (self, &header) && push (self, &header);
}

static gboolean
leave (LlCmsReader *self)
{
  if (!at_end (self))
    return fail_malformed (self);
  if (self->error != NULL)
    return FALSE;
  if (self->frames[--self->depth].end == INDEFINITE)
    return take_some (self, NULL, 2) == 2 || fail_truncated (self);
  return TRUE;
}

static gboolean
append (LlCmsReader *self, GByteArray *into, const guint8 *data, gsize length)
{
  if (into == NULL)
    return TRUE;
  self->held += length;
  if (self->held > LL_LIMIT_CMS_PART_BYTES)
    {
      g_autofree char *message = g_strdup_printf (_ ("What stands around the content of the S/MIME "
                                                     "(CMS) object is larger than the limit "
                                                     "of %d bytes."),
                                                  LL_LIMIT_CMS_PART_BYTES);
      return fail (self, message);
    }
  g_byte_array_append (into, data, length);
  return TRUE;
}

static gboolean
copy_octets (LlCmsReader *self, GByteArray *into, gint64 length)
{
  guint8 some[4096];

  while (length > 0)
    {
      gsize n = take_some (self, some, MIN (length, (gint64)sizeof some));
      if (n == 0)
        return fail_truncated (self);
      if (!append (self, into, some, n))
        return FALSE;
      length -= n;
    }
  return TRUE;
}

/* Copies one element, whatever is in it; `into` may be NULL to pass over it. */
static gboolean
copy_element (LlCmsReader *self, GByteArray *into)
{
  static const guint8 end_of_contents[2] = { 0, 0 };
  Header header;

  if (!read_header (self, &header) || !append (self, into, header.raw, header.raw_length))
    return FALSE;
  if (header.length != INDEFINITE)
    return copy_octets (self, into, header.length);
  if (!push (self, &header))
    return FALSE;
  while (!at_end (self))
    if (!copy_element (self, into))
      return FALSE;
  return leave (self) && append (self, into, end_of_contents, 2);
}

static gboolean
copy_tagged (LlCmsReader *self, guint8 tag, GByteArray *into)
{
  if (next_tag (self) != tag)
    return fail_malformed (self);
  return copy_element (self, into);
}

static GBytes *
take_element (LlCmsReader *self, guint8 tag)
{
  g_autoptr (GByteArray) into = g_byte_array_new ();

  if (!copy_tagged (self, tag, into))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&into));
}

/* ---- up to the content ---- */

static gboolean
read_digest_algorithms (LlCmsReader *self)
{
  if (!enter (self, TAG_SET))
    return FALSE;
  while (!at_end (self))
    {
      GBytes *algorithm = take_element (self, TAG_SEQUENCE);
      if (algorithm == NULL)
        return FALSE;
      g_ptr_array_add (self->parts.digest_algorithms, algorithm);
      if (self->parts.digest_algorithms->len > LL_LIMIT_CMS_ALGORITHMS)
        {
          g_autofree char *message
              = g_strdup_printf (_ ("The signature names more than %d digest algorithms."),
                                 LL_LIMIT_CMS_ALGORITHMS);
          return fail (self, message);
        }
    }
  return leave (self);
}

static gboolean
read_content_type (LlCmsReader *self)
{
  if (!copy_tagged (self, TAG_OID, self->content_type))
    return FALSE;
  self->parts.content_is_data
      = self->content_type->len == sizeof oid_data
        && memcmp (self->content_type->data, oid_data, sizeof oid_data) == 0;
  self->parts.content_is_object
      = self->content_type->len == sizeof oid_object
        && memcmp (self->content_type->data, oid_object, sizeof oid_object) == 0;
  return TRUE;
}

/* EncapsulatedContentInfo, RFC 5652 section 5.2. */
static gboolean
open_signed (LlCmsReader *self)
{
  if (!enter (self, TAG_SEQUENCE) || !copy_tagged (self, TAG_INTEGER, self->version)
      || !read_digest_algorithms (self) || !enter (self, TAG_SEQUENCE) || !read_content_type (self))
    return FALSE;
  self->content_tag = TAG_OCTETS;
  self->parts.has_content = !at_end (self);
  return !self->parts.has_content || enter (self, TAG_CONTEXT_CONSTRUCTED (0));
}

/* EncryptedContentInfo, RFC 5652 section 6.1. */
static gboolean
open_enveloped (LlCmsReader *self)
{
  if (!enter (self, TAG_SEQUENCE) || !copy_tagged (self, TAG_INTEGER, self->version))
    return FALSE;
  if (next_tag (self) == TAG_CONTEXT_CONSTRUCTED (0) && !copy_element (self, NULL))
    return FALSE;
  if (!copy_tagged (self, TAG_SET, self->recipients) || !enter (self, TAG_SEQUENCE)
      || !read_content_type (self))
    return FALSE;
  self->parts.content_algorithm = take_element (self, TAG_SEQUENCE);
  self->content_tag = TAG_CONTEXT (0);
  self->parts.has_content = self->error == NULL && !at_end (self);
  return self->error == NULL;
}

/* CompressedData, RFC 3274 section 1.1. */
static gboolean
open_compressed (LlCmsReader *self)
{
  if (!enter (self, TAG_SEQUENCE) || !copy_tagged (self, TAG_INTEGER, self->version))
    return FALSE;
  self->parts.content_algorithm = take_element (self, TAG_SEQUENCE);
  if (self->error != NULL || !enter (self, TAG_SEQUENCE) || !read_content_type (self))
    return FALSE;
  self->content_tag = TAG_OCTETS;
  self->parts.has_content = !at_end (self);
  return !self->parts.has_content || enter (self, TAG_CONTEXT_CONSTRUCTED (0));
}

static gboolean
open_content (LlCmsReader *self)
{
  if (self->parts.kind == LL_CMS_SIGNED)
    return open_signed (self);
  return self->parts.kind == LL_CMS_COMPRESSED ? open_compressed (self) : open_enveloped (self);
}

static LlCmsKind
kind_of (const GByteArray *oid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (oid->len == kinds[i].length && memcmp (oid->data, kinds[i].oid, oid->len) == 0)
      return kinds[i].kind;
  return LL_CMS_OTHER;
}

static gboolean
read_kind (LlCmsReader *self)
{
  recognise_text (self);
  if (!have (self, 1))
    return fail (self, _ ("There is nothing in it."));
  if (!enter (self, TAG_SEQUENCE) || !copy_tagged (self, TAG_OID, self->object_type))
    return FALSE;
  self->parts.kind = kind_of (self->object_type);
  return TRUE;
}

static gboolean
open_object (LlCmsReader *self)
{
  if (!read_kind (self))
    return FALSE;
  self->content_ended = self->parts.kind == LL_CMS_OTHER;
  if (self->parts.kind == LL_CMS_OTHER)
    return TRUE;
  if (!enter (self, TAG_CONTEXT_CONSTRUCTED (0)))
    return FALSE;

  gboolean opened = open_content (self);
  self->content_depth = self->depth;
  self->content_ended = !self->parts.has_content;
  return opened && self->error == NULL;
}

static LlCmsReader *
reader_new (GInputStream *in, GCancellable *cancellable)
{
  LlCmsReader *self = g_new0 (LlCmsReader, 1);

  self->in = g_object_ref (in);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->parts.digest_algorithms = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->parts.certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->parts.crls = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->parts.ocsps = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->parts.signer_infos = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->object_type = g_byte_array_new ();
  self->version = g_byte_array_new ();
  self->recipients = g_byte_array_new ();
  self->content_type = g_byte_array_new ();
  return self;
}

LlCmsKind
ll_cms_reader_look_at_kind (GInputStream *in)
{
  g_autoptr (LlCmsReader) self = reader_new (in, NULL);

  return read_kind (self) ? self->parts.kind : LL_CMS_OTHER;
}

LlCmsReader *
ll_cms_reader_open (GInputStream *in, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (G_IS_INPUT_STREAM (in), NULL);

  g_autoptr (LlCmsReader) self = reader_new (in, cancellable);
  if (!open_object (self))
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
ll_cms_reader_free (LlCmsReader *self)
{
  if (self == NULL)
    return;
  g_clear_error (&self->error);
  g_clear_object (&self->in);
  g_clear_object (&self->cancellable);
  g_ptr_array_unref (self->parts.digest_algorithms);
  g_ptr_array_unref (self->parts.certificates);
  g_ptr_array_unref (self->parts.crls);
  g_ptr_array_unref (self->parts.ocsps);
  g_ptr_array_unref (self->parts.signer_infos);
  g_clear_pointer (&self->parts.content_algorithm, g_bytes_unref);
  g_clear_pointer (&self->parts.authenticated, g_bytes_unref);
  g_clear_pointer (&self->parts.mac, g_bytes_unref);
  g_byte_array_unref (self->object_type);
  g_byte_array_unref (self->version);
  g_byte_array_unref (self->recipients);
  g_byte_array_unref (self->content_type);
  explicit_bzero (self->buffer, self->touched);
  if (self->text != NULL)
    explicit_bzero (self->text, TEXT_BYTES);
  g_free (self->text);
  g_free (self);
}

const LlCmsParts *
ll_cms_reader_get_parts (const LlCmsReader *self)
{
  return &self->parts;
}

/* ---- the content: an octet string, perhaps made of octet strings ---- */

/* Steps to the next primitive string. TRUE with `content_ended` at the end. */
static gboolean
next_chunk (LlCmsReader *self)
{
  Header header;

  while (self->depth > self->content_depth && at_end (self))
    if (!leave (self))
      return FALSE;
  if (self->content_open && self->depth == self->content_depth)
    {
      self->content_ended = TRUE;
      return self->error == NULL;
    }
  /* The outermost string has the content's own tag, those inside it are plain OCTET STRINGs. */
  guint8 tag = self->content_open ? TAG_OCTETS : self->content_tag;
  if (!read_header (self, &header))
    return FALSE;
  self->content_open = TRUE;
  if (header.tag == (tag | TAG_CONSTRUCTED))
    return push (self, &header);
  if (header.tag != tag)
    return fail_malformed (self);
  self->chunk = header.length;
  return TRUE;
}

gssize
ll_cms_reader_read (LlCmsReader *self, guint8 *buffer, gsize size, GError **error)
{
  while (self->error == NULL && self->chunk == 0 && !self->content_ended)
    if (!next_chunk (self))
      break;
  if (self->error == NULL && self->content_ended)
    return 0;

  gsize n = self->error == NULL ? take_directly (self, buffer, MIN ((gint64)size, self->chunk)) : 0;
  if (n == 0)
    {
      fail_truncated (self);
      g_propagate_error (error, g_error_copy (self->error));
      return -1;
    }
  self->chunk -= n;
  return n;
}

/* ---- after the content ---- */

static gboolean
read_certificates (LlCmsReader *self)
{
  if (next_tag (self) != TAG_CONTEXT_CONSTRUCTED (0))
    return self->error == NULL;
  if (!enter (self, TAG_CONTEXT_CONSTRUCTED (0)))
    return FALSE;
  while (!at_end (self))
    {
      GPtrArray *certificates = self->parts.certificates;
      gboolean wanted = next_tag (self) == TAG_SEQUENCE;
      if (wanted && certificates->len == LL_LIMIT_CERTIFICATES)
        {
          self->parts.limit = LL_REASON_LIMIT_CERTIFICATES;
          wanted = FALSE;
        }
      GBytes *certificate = wanted ? take_element (self, TAG_SEQUENCE) : NULL;
      if (certificate != NULL)
        g_ptr_array_add (certificates, certificate);
      else if (wanted || !copy_element (self, NULL)) /* SC-05: other choices are skipped */
        return FALSE;
    }
  return leave (self);
}

/* OtherRevocationInfoFormat with id-ri-ocsp-response (RFC 5940 section 2.1): what stands behind the
 * object identifier. NULL when it is another format. */
static GBytes *
find_ocsp_response (GBytes *other)
{
  static const guint8 id[] = { TAG_OID, 8, 0x2b, 6, 1, 5, 5, 7, 16, 2 };
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (other, &size);
  gsize header = data[1] <= INDEFINITE_OCTET ? 2 : 2 + (data[1] & 0x7f);

  if (data[1] == INDEFINITE_OCTET || size <= header + sizeof id
      || memcmp (data + header, id, sizeof id) != 0)
    return NULL;
  return g_bytes_new_from_bytes (other, header + sizeof id, size - header - sizeof id);
}

static gboolean
read_other_revocation_info (LlCmsReader *self)
{
  g_autoptr (GBytes) other = take_element (self, TAG_CONTEXT_CONSTRUCTED (1));
  GBytes *response = other != NULL ? find_ocsp_response (other) : NULL;

  if (response != NULL)
    g_ptr_array_add (self->parts.ocsps, response);
  return other != NULL;
}

/* CM-10: they may help, and nothing is lost without them: those beyond the limit, and other kinds
 * of revocation information, are passed over. */
static gboolean
read_crls (LlCmsReader *self)
{
  if (next_tag (self) != TAG_CONTEXT_CONSTRUCTED (1))
    return self->error == NULL;
  if (!enter (self, TAG_CONTEXT_CONSTRUCTED (1)))
    return FALSE;
  while (!at_end (self))
    {
      if (next_tag (self) == TAG_CONTEXT_CONSTRUCTED (1)
          && self->parts.ocsps->len < LL_LIMIT_CMS_CRLS)
        {
          if (!read_other_revocation_info (self))
            return FALSE;
          continue;
        }
      gboolean wanted
          = next_tag (self) == TAG_SEQUENCE && self->parts.crls->len < LL_LIMIT_CMS_CRLS;
      GBytes *crl = wanted ? take_element (self, TAG_SEQUENCE) : NULL;
      if (crl != NULL)
        g_ptr_array_add (self->parts.crls, crl);
      else if (wanted || !copy_element (self, NULL))
        return FALSE;
    }
  return leave (self);
}

static gboolean
read_signer_infos (LlCmsReader *self)
{
  if (!enter (self, TAG_SET))
    return FALSE;
  while (!at_end (self))
    {
      if (self->parts.signer_infos->len == LL_LIMIT_SIGNERS)
        {
          self->parts.limit = LL_REASON_LIMIT_SIGNERS;
          if (!copy_element (self, NULL))
            return FALSE;
          continue;
        }
      GBytes *signer_info = take_element (self, TAG_SEQUENCE);
      if (signer_info == NULL)
        return FALSE;
      g_ptr_array_add (self->parts.signer_infos, signer_info);
    }
  return leave (self);
}

static gboolean
skip_optional (LlCmsReader *self, guint8 tag)
{
  if (next_tag (self) == tag)
    return copy_element (self, NULL);
  return self->error == NULL;
}

static gboolean
finish_signed (LlCmsReader *self)
{
  if (self->parts.has_content && !leave (self))
    return FALSE;
  return leave (self) && read_certificates (self) && read_crls (self) && read_signer_infos (self)
         && leave (self);
}

static gboolean
read_mac (LlCmsReader *self)
{
  Header header;
  g_autoptr (GByteArray) mac = g_byte_array_new ();

  if (next_tag (self) != TAG_OCTETS)
    return fail_malformed (self);
  if (!read_header (self, &header) || !copy_octets (self, mac, header.length))
    return FALSE;
  self->parts.mac = g_byte_array_free_to_bytes (g_steal_pointer (&mac));
  return TRUE;
}

static gboolean
finish_enveloped (LlCmsReader *self)
{
  if (!leave (self))
    return FALSE;
  if (self->parts.kind == LL_CMS_ENVELOPED)
    return skip_optional (self, TAG_CONTEXT_CONSTRUCTED (1)) && leave (self);
  if (next_tag (self) == TAG_CONTEXT_CONSTRUCTED (1))
    self->parts.authenticated = take_element (self, TAG_CONTEXT_CONSTRUCTED (1));
  return self->error == NULL && read_mac (self) && skip_optional (self, TAG_CONTEXT_CONSTRUCTED (2))
         && leave (self);
}

static gboolean
finish_compressed (LlCmsReader *self)
{
  if (self->parts.has_content && !leave (self))
    return FALSE;
  return leave (self) && leave (self);
}

static gboolean
finish_content (LlCmsReader *self)
{
  switch (self->parts.kind)
    {
    case LL_CMS_SIGNED:
      return finish_signed (self);
    case LL_CMS_ENVELOPED:
    case LL_CMS_AUTH_ENVELOPED:
      return finish_enveloped (self);
    case LL_CMS_COMPRESSED:
      return finish_compressed (self);
    case LL_CMS_OTHER:
      break;
    }
  return fail_malformed (self);
}

/* Passes over a large piece of content where the source can do that without reading it. A place
 * beyond the end shows at the next read. */
static void
seek_over (LlCmsReader *self)
{
  gint64 ahead = self->chunk - (gint64)(self->end - self->start);

  if (self->text != NULL || ahead < BUFFER_BYTES || !G_IS_SEEKABLE (self->in)
      || !g_seekable_can_seek (G_SEEKABLE (self->in))
      || !g_seekable_seek (G_SEEKABLE (self->in), ahead, G_SEEK_CUR, self->cancellable, NULL))
    return;
  self->position += self->chunk;
  self->start = self->end = 0;
  self->chunk = 0;
}

static gboolean
pass_over_content (LlCmsReader *self)
{
  guint8 rest[4096];

  while (self->error == NULL && !self->content_ended)
    {
      seek_over (self);
      if (self->chunk == 0)
        {
          next_chunk (self);
          continue;
        }
      gsize n = take_some (self, rest, MIN (self->chunk, (gint64)sizeof rest));
      if (n == 0)
        return fail_truncated (self);
      self->chunk -= n;
    }
  return self->error == NULL;
}

gboolean
ll_cms_reader_finish (LlCmsReader *self, GError **error)
{
  if (!pass_over_content (self) || !finish_content (self) || !leave (self) || !leave (self))
    {
      g_propagate_error (error, g_error_copy (self->error));
      return FALSE;
    }
  self->parts.has_trailing_bytes = have (self, 1);
  return TRUE;
}

/* ---- put together again ---- */

static void
wrap (GByteArray *body, guint8 tag)
{
  guint8 header[6] = { tag };
  guint length = body->len, n = 2;

  if (length < 0x80)
    header[1] = length;
  else
    {
      guint octets = length > 0xffffff ? 4 : length > 0xffff ? 3 : length > 0xff ? 2 : 1;
      header[1] = 0x80 | octets;
      for (guint i = octets; i > 0; i--)
        header[n++] = length >> (8 * (i - 1));
    }
  g_byte_array_prepend (body, header, n);
}

static void
add (GByteArray *body, const GByteArray *part)
{
  g_byte_array_append (body, part->data, part->len);
}

static void
add_bytes (GByteArray *body, GBytes *part)
{
  g_byte_array_append (body, g_bytes_get_data (part, NULL), g_bytes_get_size (part));
}

static GBytes *
wrap_object (const LlCmsReader *self, GByteArray *body)
{
  wrap (body, TAG_SEQUENCE);
  wrap (body, TAG_CONTEXT_CONSTRUCTED (0));
  g_byte_array_prepend (body, self->object_type->data, self->object_type->len);
  wrap (body, TAG_SEQUENCE);
  return g_byte_array_free_to_bytes (body);
}

GBytes *
ll_cms_reader_signed_object (const LlCmsReader *self, GBytes *signer_info)
{
  GByteArray *body = g_byte_array_new ();
  g_autoptr (GByteArray) algorithms = g_byte_array_new ();
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_autoptr (GByteArray) signer_infos = g_byte_array_new ();

  for (guint i = 0; i < self->parts.digest_algorithms->len; i++)
    add_bytes (algorithms, g_ptr_array_index (self->parts.digest_algorithms, i));
  wrap (algorithms, TAG_SET);
  add (content, self->content_type);
  wrap (content, TAG_SEQUENCE);
  add_bytes (signer_infos, signer_info);
  wrap (signer_infos, TAG_SET);

  add (body, self->version);
  add (body, algorithms);
  add (body, content);
  add (body, signer_infos);
  return wrap_object (self, body);
}

GBytes *
ll_cms_reader_get_recipients (const LlCmsReader *self)
{
  return g_bytes_new (self->recipients->data, self->recipients->len);
}
