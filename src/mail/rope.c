#include <config.h>

#include <string.h>

#include "base/secret.h"
#include "mail/filter.h"
#include "mail/rope.h"

typedef struct
{
  GString *text; /* or */
  LlRopeOpen open;
  gpointer data;
  GDestroyNotify free;
} Piece;

struct _LlRope
{
  gatomicrefcount references;
  GPtrArray *pieces;
};

static void
piece_free (gpointer data)
{
  Piece *piece = data;

  if (piece->text != NULL)
    {
      explicit_bzero (piece->text->str, piece->text->len);
      g_string_free (piece->text, TRUE);
    }
  if (piece->free != NULL)
    piece->free (piece->data);
  g_free (piece);
}

LlRope *
ll_rope_new (void)
{
  LlRope *rope = g_new0 (LlRope, 1);

  g_atomic_ref_count_init (&rope->references);
  rope->pieces = g_ptr_array_new_with_free_func (piece_free);
  return rope;
}

LlRope *
ll_rope_ref (LlRope *rope)
{
  g_atomic_ref_count_inc (&rope->references);
  return rope;
}

void
ll_rope_unref (LlRope *rope)
{
  if (!g_atomic_ref_count_dec (&rope->references))
    return;
  g_ptr_array_unref (rope->pieces);
  g_free (rope);
}

static Piece *
add_piece (LlRope *rope)
{
  Piece *piece = g_new0 (Piece, 1);

  g_ptr_array_add (rope->pieces, piece);
  return piece;
}

void
ll_rope_append_octets (LlRope *rope, const void *data, gsize length)
{
  Piece *piece = rope->pieces->len > 0 ? rope->pieces->pdata[rope->pieces->len - 1] : NULL;

  if (piece == NULL || piece->text == NULL)
    {
      piece = add_piece (rope);
      piece->text = g_string_new (NULL);
    }
  g_string_append_len (piece->text, data, (gssize)length);
}

void
ll_rope_append (LlRope *rope, const char *text)
{
  ll_rope_append_octets (rope, text, strlen (text));
}

void
ll_rope_append_stream (LlRope *rope, LlRopeOpen open, gpointer data, GDestroyNotify free)
{
  Piece *piece = add_piece (rope);

  piece->open = open;
  piece->data = data;
  piece->free = free;
}

void
ll_rope_append_source (LlRope *rope, LlSource *source)
{
  ll_rope_append_stream (rope, (LlRopeOpen)(void (*) (void))ll_source_open, ll_source_ref (source),
                         (GDestroyNotify)ll_source_unref);
}

void
ll_rope_append_rope (LlRope *rope, LlRope *other)
{
  ll_rope_append_stream (rope, (LlRopeOpen)(void (*) (void))ll_rope_open, ll_rope_ref (other),
                         (GDestroyNotify)ll_rope_unref);
}

/* --- reading ---------------------------------------------------------------------------------- */

#define LL_TYPE_ROPE_STREAM (ll_rope_stream_get_type ())
G_DECLARE_FINAL_TYPE (LlRopeStream, ll_rope_stream, LL, ROPE_STREAM, GInputStream)

struct _LlRopeStream
{
  GInputStream parent;
  LlRope *rope;
  guint next;            /* piece */
  GInputStream *current; /* the piece before it, or NULL */
};

G_DEFINE_FINAL_TYPE (LlRopeStream, ll_rope_stream, G_TYPE_INPUT_STREAM)

static GInputStream *
open_piece (const Piece *piece)
{
  g_autoptr (GBytes) bytes = NULL;

  if (piece->text == NULL)
    return piece->open (piece->data);
  bytes = g_bytes_new_static (piece->text->str, piece->text->len); /* the rope outlives it */
  return g_memory_input_stream_new_from_bytes (bytes);
}

static gssize
stream_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
             GError **error)
{
  LlRopeStream *self = LL_ROPE_STREAM (stream);

  while (self->current != NULL || self->next < self->rope->pieces->len)
    {
      gssize n;
      if (self->current == NULL)
        self->current = open_piece (self->rope->pieces->pdata[self->next++]);
      n = g_input_stream_read (self->current, buffer, count, cancellable, error);
      if (n != 0)
        return n;
      g_clear_object (&self->current);
    }
  return 0;
}

static void
ll_rope_stream_finalize (GObject *object)
{
  LlRopeStream *self = LL_ROPE_STREAM (object);

  g_clear_object (&self->current);
  ll_rope_unref (self->rope);
  G_OBJECT_CLASS (ll_rope_stream_parent_class)->finalize (object);
}

static void
ll_rope_stream_class_init (LlRopeStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ll_rope_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = stream_read;
}

static void
ll_rope_stream_init (LlRopeStream *self)
{
}

GInputStream *
ll_rope_open (LlRope *rope)
{
  LlRopeStream *self = g_object_new (LL_TYPE_ROPE_STREAM, NULL);

  self->rope = ll_rope_ref (rope);
  return G_INPUT_STREAM (self);
}

GBytes *
ll_rope_dup_bytes (LlRope *rope, GError **error)
{
  g_autoptr (GInputStream) in = ll_rope_open (rope);

  return ll_stream_read_head (in, G_MAXSIZE / 8, NULL, NULL, error);
}
