/* pgp-armor.c - what enters: binary packets, or text with armor. What leaves: the other of the two.
 * Both directions work on blocks of lines with OpenSSL's base64, which is several times faster than
 * what works on single octets. No signature and no key is looked at.
 */
#include <config.h>

#include <gcrypt.h>
#include <glib/gi18n.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/error.h"
#include "engine/pgp-armor.h"

#define LINE_OCTETS 48 /* 64 characters */
#define LINE_CHARACTERS (LINE_OCTETS / 3 * 4)
#define BLOCK_LINES 512 /* GObject instances stay below 64 KiB */
#define CRC24_OCTETS 3
#define BUFFER_BYTES (64 * 1024)
#define DIGITS_BYTES (BUFFER_BYTES + 4) /* a full buffer, after what the last one left over */

#define BEGIN_MARK "-----BEGIN PGP "
#define END_MARK "-----END PGP "
#define DASHES "-----"

/* --- putting it on ---------------------------------------------------------------------------- */

#define LL_TYPE_PGP_ARMOR (ll_pgp_armor_get_type ())
G_DECLARE_FINAL_TYPE (LlPgpArmor, ll_pgp_armor, LL, PGP_ARMOR, GOutputStream)

struct _LlPgpArmor
{
  GOutputStream parent;
  GOutputStream *base;
  char *kind;
  gcry_md_hd_t crc;
  gboolean begun;
  guint8 pending[LINE_OCTETS * BLOCK_LINES]; /* not written yet */
  gsize n_pending;
  char text[(LINE_CHARACTERS + 1) * BLOCK_LINES + 1];
};

G_DEFINE_FINAL_TYPE (LlPgpArmor, ll_pgp_armor, G_TYPE_OUTPUT_STREAM)

static gboolean
write_text (LlPgpArmor *self, const char *text, gsize length, GCancellable *cancellable,
            GError **error)
{
  return g_output_stream_write_all (self->base, text, length, NULL, cancellable, error);
}

static gboolean
armor_begin (LlPgpArmor *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *head = g_strdup_printf (BEGIN_MARK "%s" DASHES "\n\n", self->kind);

  if (self->begun)
    return TRUE;
  self->begun = TRUE;
  return write_text (self, head, strlen (head), cancellable, error);
}

static gboolean
armor_flush_pending (LlPgpArmor *self, GCancellable *cancellable, GError **error)
{
  char *out = self->text;

  if (!armor_begin (self, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < self->n_pending; i += LINE_OCTETS)
    {
      gsize step = MIN (LINE_OCTETS, self->n_pending - i);
      out += EVP_EncodeBlock ((unsigned char *)out, self->pending + i, (int)step);
      *out++ = '\n';
    }
  gcry_md_write (self->crc, self->pending, self->n_pending);
  self->n_pending = 0;
  return write_text (self, self->text, (gsize)(out - self->text), cancellable, error);
}

static gssize
armor_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlPgpArmor *self = LL_PGP_ARMOR (stream);
  gsize step = MIN (count, sizeof self->pending - self->n_pending);

  memcpy (self->pending + self->n_pending, buffer, step);
  self->n_pending += step;
  if (self->n_pending == sizeof self->pending && !armor_flush_pending (self, cancellable, error))
    return -1;
  return (gssize)step;
}

gboolean
ll_pgp_armor_finish (GOutputStream *armor, GCancellable *cancellable, GError **error)
{
  LlPgpArmor *self = LL_PGP_ARMOR (armor);
  g_autofree char *tail = NULL;
  unsigned char sum[CRC24_OCTETS * 2];

  if (!armor_flush_pending (self, cancellable, error))
    return FALSE;
  /* RFC 9580 section 6.1 no longer wants a checksum, but GnuPG 2.2 warns without one */
  EVP_EncodeBlock (sum, gcry_md_read (self->crc, GCRY_MD_CRC24_RFC2440), CRC24_OCTETS);
  tail = g_strdup_printf ("=%.4s\n" END_MARK "%s" DASHES "\n", (char *)sum, self->kind);
  return write_text (self, tail, strlen (tail), cancellable, error);
}

static void
ll_pgp_armor_finalize (GObject *object)
{
  LlPgpArmor *self = LL_PGP_ARMOR (object);

  g_clear_object (&self->base);
  g_free (self->kind);
  gcry_md_close (self->crc);
  explicit_bzero (self->pending, sizeof self->pending);
  G_OBJECT_CLASS (ll_pgp_armor_parent_class)->finalize (object);
}

static void
ll_pgp_armor_class_init (LlPgpArmorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_pgp_armor_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = armor_write;
}

static void
ll_pgp_armor_init (LlPgpArmor *self)
{
}

static void
set_up_libgcrypt (void)
{
  if (gcry_control (GCRYCTL_INITIALIZATION_FINISHED_P))
    return;
  gcry_check_version (NULL);
  gcry_control (GCRYCTL_DISABLE_SECMEM, 0); /* no secrets here */
  gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
}

GOutputStream *
ll_pgp_armor_new (GOutputStream *base, const char *kind)
{
  LlPgpArmor *self = g_object_new (LL_TYPE_PGP_ARMOR, NULL);

  set_up_libgcrypt ();
  if (gcry_md_open (&self->crc, GCRY_MD_CRC24_RFC2440, 0) != 0)
    g_error ("libgcrypt has no CRC-24"); /* it always has */
  self->base = g_object_ref (base);
  self->kind = g_strdup (kind);
  return G_OUTPUT_STREAM (self);
}

/* --- taking it off ---------------------------------------------------------------------------- */

typedef enum
{
  UNOPENED,
  BINARY,
  ARMORED,
  AS_IS,
} Mode;

#define LL_TYPE_PGP_INPUT (ll_pgp_input_get_type ())
G_DECLARE_FINAL_TYPE (LlPgpInput, ll_pgp_input, LL, PGP_INPUT, GInputStream)

struct _LlPgpInput
{
  GInputStream parent;
  GInputStream *base;
  Mode mode;
  char kind[32];
  LlPgpScan scan;
  gboolean refused; /* encrypted without integrity: nothing more goes out */

  /* what was read and not used yet */
  guint8 *text;
  gsize start, end;
  gboolean at_end; /* of `base` */

  gboolean ended; /* the last line of the armor, or of a cleartext signature, has been seen */

  /* armor only */
  gboolean in_line, padded, summed;
  guint8 *digits; /* base64 digits gathered */
  gsize n_digits;
  guint8 *octets; /* decoded, not taken yet */
  gsize octets_start, octets_end;

  /* text as it is only */
  int n_end_mark; /* octets of the last line of a cleartext signature seen; -1: another line */
};

G_DEFINE_FINAL_TYPE (LlPgpInput, ll_pgp_input, G_TYPE_INPUT_STREAM)

static gboolean
set_damaged (GError **error, const char *what)
{
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("The OpenPGP data is damaged: %s."), what);
  return FALSE;
}

/* Reads until the buffer is full or the end has come. */
static gboolean
fill (LlPgpInput *self, GCancellable *cancellable, GError **error)
{
  gsize done = 0, room;

  memmove (self->text, self->text + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;
  room = BUFFER_BYTES - self->end;
  if (self->at_end || room == 0)
    return TRUE;
  if (!g_input_stream_read_all (self->base, self->text + self->end, room, &done, cancellable,
                                error))
    return FALSE;
  self->end += done;
  self->at_end = done < room;
  return TRUE;
}

/* The end of the line that begins at `at`, its line feed included; NULL when there is none. */
static const guint8 *
line_end (const guint8 *at, const guint8 *end)
{
  const guint8 *feed = at < end ? memchr (at, '\n', (gsize)(end - at)) : NULL;
  return feed != NULL ? feed + 1 : NULL;
}

static gsize
trimmed_length (const guint8 *line, const guint8 *end)
{
  gsize length = (gsize)(end - line);
  while (length > 0 && g_ascii_isspace (line[length - 1]))
    length--;
  return length;
}

static gboolean
has_prefix (const guint8 *line, gsize length, const char *prefix)
{
  return length >= strlen (prefix) && memcmp (line, prefix, strlen (prefix)) == 0;
}

/* The word in "-----BEGIN PGP WORD-----". */
static gboolean
parse_mark (const guint8 *line, gsize length, const char *mark, char *kind, gsize size)
{
  gsize from = strlen (mark), n;

  if (!has_prefix (line, length, mark) || length < from + strlen (DASHES)
      || memcmp (line + length - strlen (DASHES), DASHES, strlen (DASHES)) != 0)
    return FALSE;
  n = length - from - strlen (DASHES);
  if (n == 0 || n >= size)
    return FALSE;
  memcpy (kind, line + from, n);
  kind[n] = '\0';
  return TRUE;
}

/* Finds the mark at the beginning and steps over the headers, which are nobody's word (OP-06).
 * Gives the place of the first line of base64, or NULL when it is not a plain armored block. */
static const guint8 *
parse_armor_head (const guint8 *data, const guint8 *end, char *kind, gsize size)
{
  const guint8 *next;

  while (data < end && g_ascii_isspace (*data))
    data++;
  next = line_end (data, end);
  if (next == NULL || !parse_mark (data, trimmed_length (data, next), BEGIN_MARK, kind, size))
    return NULL;
  for (data = next; (next = line_end (data, end)) != NULL; data = next)
    {
      gsize length = trimmed_length (data, next);
      if (length == 0)
        return next;
      if (memchr (data, ':', length) == NULL)
        return NULL;
    }
  return NULL;
}

gboolean
ll_pgp_input_open (GInputStream *input, const char **armor, GCancellable *cancellable,
                   GError **error)
{
  LlPgpInput *self = LL_PGP_INPUT (input);
  const guint8 *body;

  if (self->mode == UNOPENED)
    {
      if (!fill (self, cancellable, error))
        return FALSE;
      body = parse_armor_head (self->text, self->text + self->end, self->kind, sizeof self->kind);
      if (body != NULL && !g_str_equal (self->kind, "SIGNED MESSAGE"))
        {
          self->mode = ARMORED;
          self->start = (gsize)(body - self->text);
        }
      else
        {
          self->mode = self->end > 0 && (self->text[0] & 0x80) != 0 ? BINARY : AS_IS;
          self->kind[0] = '\0';
        }
    }
  if (armor != NULL)
    *armor = self->mode == AS_IS ? NULL : self->kind;
  return TRUE;
}

/* Decodes the digits gathered: whole groups of four, all of them at the end. */
static gboolean
decode_digits (LlPgpInput *self, GError **error)
{
  gsize usable = self->n_digits - self->n_digits % 4, padding = 0;
  const guint8 *pad;
  int n;

  if (usable == 0)
    return TRUE;
  pad = memchr (self->digits, '=', usable);
  if (pad != NULL)
    {
      padding = usable - (gsize)(pad - self->digits);
      /* "=" or "==" at the very end and nowhere else */
      if (padding > 2 || (padding == 2 && pad[1] != '=') || self->n_digits != usable)
        return set_damaged (error, _ ("its base64 text cannot be read"));
      self->padded = TRUE;
    }
  n = EVP_DecodeBlock (self->octets, self->digits, (int)usable);
  if (n != (int)(usable / 4 * 3))
    return set_damaged (error, _ ("its base64 text cannot be read"));
  self->octets_start = 0;
  self->octets_end = (gsize)n - padding;
  self->n_digits -= usable;
  memmove (self->digits, self->digits + usable, self->n_digits);
  return TRUE;
}

static gboolean
take_digits (LlPgpInput *self, const guint8 *line, gsize length, GError **error)
{
  /* EVP_DecodeBlock() passes over blanks before the digits: there are none */
  if (length == 0 || g_ascii_isspace (line[0]))
    return length == 0 || set_damaged (error, _ ("its base64 text cannot be read"));
  if (self->padded || self->summed)
    return set_damaged (error, _ ("something stands after the end of its base64 text"));
  memcpy (self->digits + self->n_digits, line, length);
  self->n_digits += length;
  return TRUE;
}

/* OP-27: one armored block is one message. */
static void
look_behind_end (LlPgpInput *self, const guint8 *at, const guint8 *end)
{
  for (const guint8 *next; at < end; at = next)
    {
      next = line_end (at, end);
      next = next != NULL ? next : end;
      if (has_prefix (at, (gsize)(next - at), BEGIN_MARK))
        self->scan.packets.trailing = TRUE;
    }
}

/* Uses one line, or a piece of one; returns FALSE with `error` when it is damaged. */
static gboolean
take_line (LlPgpInput *self, const guint8 *line, const guint8 *end, gboolean whole, GError **error)
{
  gsize length = whole ? trimmed_length (line, end) : (gsize)(end - line);
  char kind[sizeof self->kind];

  if (!self->in_line && length > 0 && line[0] == '-')
    {
      if (!parse_mark (line, length, END_MARK, kind, sizeof kind)
          || !g_str_equal (kind, self->kind))
        return set_damaged (error, _ ("its last line is not what it should be"));
      self->ended = TRUE;
      return TRUE;
    }
  if (!self->in_line && length == 5 && line[0] == '=')
    {
      self->summed = TRUE;
      return TRUE;
    }
  self->in_line = !whole;
  return take_digits (self, line, length, error);
}

/* Gathers digits from the lines at hand. */
static gboolean
take_lines (LlPgpInput *self, GError **error)
{
  const guint8 *at = self->text + self->start, *end = self->text + self->end;

  while (at < end && !self->ended)
    {
      const guint8 *next = line_end (at, end);
      gboolean whole = next != NULL || self->at_end;

      next = next != NULL ? next : end;
      if (self->n_digits + (gsize)(next - at) > DIGITS_BYTES)
        break;
      /* a line that is cut by the buffer's end waits for its rest, unless it fills the buffer */
      if (!whole && at > self->text)
        break;
      if (!take_line (self, at, next, whole, error))
        return FALSE;
      at = next;
    }
  self->start = (gsize)(at - self->text);
  return TRUE;
}

/* Reads what stands behind the end of the armor. */
static gboolean
read_behind_end (LlPgpInput *self, GCancellable *cancellable, GError **error)
{
  for (;;)
    {
      look_behind_end (self, self->text + self->start, self->text + self->end);
      self->start = self->end;
      if (self->at_end)
        return TRUE;
      if (!fill (self, cancellable, error))
        return FALSE;
    }
}

/* Makes the next octets; none are there at the end. */
static gboolean
decode_more (LlPgpInput *self, GCancellable *cancellable, GError **error)
{
  while (self->octets_start == self->octets_end && !self->ended)
    {
      if (!fill (self, cancellable, error))
        return FALSE;
      if (self->start == self->end)
        return set_damaged (error, _ ("it is cut off: its last line is missing"));
      if (!take_lines (self, error) || !decode_digits (self, error))
        return FALSE;
    }
  if (self->ended && self->octets_start == self->octets_end)
    {
      if (self->n_digits > 0)
        return set_damaged (error, _ ("its base64 text cannot be read"));
      return read_behind_end (self, cancellable, error);
    }
  return TRUE;
}

static gsize
take (guint8 *buffer, gsize count, const guint8 *from, gsize *start, gsize end)
{
  gsize step = MIN (count, end - *start);
  memcpy (buffer, from + *start, step);
  *start += step;
  return step;
}

static gssize
read_binary (LlPgpInput *self, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  if (self->start < self->end)
    return (gssize)take (buffer, count, self->text, &self->start, self->end);
  return self->at_end ? 0 : g_input_stream_read (self->base, buffer, count, cancellable, error);
}

static gssize
read_armored (LlPgpInput *self, void *buffer, gsize count, GCancellable *cancellable,
              GError **error)
{
  if (!decode_more (self, cancellable, error))
    return -1;
  return (gssize)take (buffer, count, self->octets, &self->octets_start, self->octets_end);
}

/* OP-27: who reads a cleartext signature reads the whole text. What stands below its last line was
 * not signed, and gpg passes over it in silence. */
static void
look_at_text (LlPgpInput *self, const guint8 *text, gsize length)
{
  static const char mark[] = END_MARK "SIGNATURE" DASHES;

  for (gsize i = 0; i < length; i++)
    if (self->ended)
      self->scan.packets.trailing |= !g_ascii_isspace (text[i]);
    else if (text[i] == '\n')
      self->n_end_mark = 0;
    else if (self->n_end_mark < 0 || text[i] != (guint8)mark[self->n_end_mark])
      self->n_end_mark = -1;
    else
      self->ended = mark[++self->n_end_mark] == '\0';
}

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
            GError **error)
{
  LlPgpInput *self = LL_PGP_INPUT (stream);
  gssize n;

  if (!ll_pgp_input_open (stream, NULL, cancellable, error))
    return -1;
  if (self->refused || count == 0)
    return 0;
  n = self->mode == ARMORED ? read_armored (self, buffer, count, cancellable, error)
                            : read_binary (self, buffer, count, cancellable, error);
  if (n > 0 && self->mode == AS_IS)
    look_at_text (self, buffer, (gsize)n);
  if (n < 0 || self->mode == AS_IS)
    return n;
  if (n == 0)
    ll_pgp_scan_end (&self->scan);
  else
    ll_pgp_scan_feed (&self->scan, buffer, (gsize)n);
  self->refused = self->scan.packets.data == LL_PGP_ENCRYPTED_BARE;
  return self->refused ? 0 : n;
}

static void
ll_pgp_input_finalize (GObject *object)
{
  LlPgpInput *self = LL_PGP_INPUT (object);

  g_clear_object (&self->base);
  g_free (self->text);
  g_free (self->digits);
  g_free (self->octets);
  G_OBJECT_CLASS (ll_pgp_input_parent_class)->finalize (object);
}

static void
ll_pgp_input_class_init (LlPgpInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_pgp_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
ll_pgp_input_init (LlPgpInput *self)
{
  self->text = g_malloc (BUFFER_BYTES);
  self->digits = g_malloc (DIGITS_BYTES);
  self->octets = g_malloc (BUFFER_BYTES);
}

GInputStream *
ll_pgp_input_new (GInputStream *base)
{
  LlPgpInput *self = g_object_new (LL_TYPE_PGP_INPUT, NULL);

  self->base = g_object_ref (base);
  return G_INPUT_STREAM (self);
}

const LlPgpPackets *
ll_pgp_input_get_packets (GInputStream *input)
{
  return &LL_PGP_INPUT (input)->scan.packets;
}

/* --- what it is ------------------------------------------------------------------------------- */

/* The first packets inside the armor of a message. */
static LlBlobKind
identify_armored_message (const guint8 *data, gsize length)
{
  g_autoptr (GInputStream) memory
      = g_memory_input_stream_new_from_data (data, (gssize)length, NULL);
  g_autoptr (GInputStream) input = ll_pgp_input_new (memory);
  guint8 head[512];
  gssize n = g_input_stream_read (input, head, sizeof head, NULL, NULL);

  if (ll_pgp_input_get_packets (input)->data == LL_PGP_ENCRYPTED_BARE)
    return LL_BLOB_ENCRYPTED;
  return n > 0 ? ll_pgp_packets_identify (head, (gsize)n) : LL_BLOB_UNKNOWN;
}

LlBlobKind
ll_pgp_identify (const guint8 *data, gsize length)
{
  const guint8 *line = data, *end = data + length, *next;
  char kind[32];

  if (length > 0 && (data[0] & 0x80) != 0)
    return ll_pgp_packets_identify (data, length);
  while (line < end && g_ascii_isspace (*line))
    line++;
  next = line_end (line, end);
  if (next == NULL
      || !parse_mark (line, trimmed_length (line, next), BEGIN_MARK, kind, sizeof kind))
    return LL_BLOB_UNKNOWN;
  if (g_str_equal (kind, "SIGNATURE"))
    return LL_BLOB_DETACHED;
  if (g_str_equal (kind, "SIGNED MESSAGE")) /* RFC 9580 section 7 */
    return LL_BLOB_SIGNED;
  if (g_str_has_suffix (kind, " KEY BLOCK"))
    return LL_BLOB_CERTIFICATES;
  return g_str_has_prefix (kind, "MESSAGE") ? identify_armored_message (data, length)
                                            : LL_BLOB_UNKNOWN;
}
