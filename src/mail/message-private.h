/* message-private.h - inside of a message; for the mail room alone. */
#pragma once

#include "bridge/gmime-glue.h"
#include "mail/content-field.h"
#include "mail/message.h"

G_BEGIN_DECLS

struct _LlPart
{
  LlMessage *message;  /* borrowed: it owns us */
  LlPart *parent;      /* borrowed */
  GPtrArray *children; /* owned; NULL for none */

  /* Offsets into the message. The entity is [start, end), its body [body, end). */
  guint64 start, header_end, body, end;
  guint n_fields;
  char **names, **values; /* owned; made when first asked for */

  char *type, *subtype;
  LlContentField *content; /* Content-Type, or NULL */
  char *boundary;          /* of a multipart that could be taken apart; or NULL */
  char *file_name;
  gboolean is_attachment;
  GMimeContentEncoding encoding;
  gboolean has_encoding;     /* there is a Content-Transfer-Encoding */
  gboolean unknown_encoding; /* of a name we do not know: taken as it stands */
  gboolean closed;           /* multipart: the closing boundary was seen */
  gboolean odd_fields;       /* Content-* fields after a fold of nothing but blanks */
  gboolean has_nul;          /* in the body, outside its children */
  LlReason ambiguity;
};

struct _LlMessage
{
  gatomicrefcount references;
  LlSource *source; /* owned */
  LlPart *root;     /* owned */
  guint n_parts;

  /* The header section that was looked at last, when the source is not in memory. */
  const LlPart *held_part;
  char *held; /* owned */
  gsize held_length;
};

/* One header field, in its header section; good until another part's fields are asked for. */
typedef struct
{
  const char *name, *value; /* the value is what follows the colon, without its last line end */
  gsize name_length, value_length;
} LlFieldRange;

/* The field at or after *position (0: the first), which is moved on; FALSE at the end of the
 * header. */
gboolean ll_part_next_field (const LlPart *part, gsize *position, LlFieldRange *field);

/* The value unfolded: line ends gone, blanks around it too. (transfer full) */
char *ll_unfold (const char *value, gsize length);

/* Finds parts, boundaries and header sections (mail/scan.c). What is not in memory is read `step`
 * octets at a time. */
gboolean ll_message_scan (LlMessage *message, gsize step, LlReason *limit, GError **error);

#define LL_SCAN_STEP (256 * 1024)

LlPart *ll_part_new (LlMessage *message, LlPart *parent, guint64 start);

/* As ll_message_new(), but the source may be empty (what was decrypted may be), and `limit` tells
 * which limit was passed. `step` is LL_SCAN_STEP; tests look at borders with another one.
 * (transfer full) */
LlMessage *ll_message_new_inner (LlSource *source, gsize step, LlReason *limit, GError **error);

/* As ll_part_dup_addresses() with a limit of one's own; NULL when there are more.
 * (transfer full) */
GPtrArray *ll_part_dup_all_addresses (const LlPart *part, const char *name, guint limit);

G_END_DECLS
