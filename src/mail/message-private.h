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
  gsize start, header_end, body, end;
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
  GBytes *bytes; /* owned */
  const char *data;
  gsize length;
  LlPart *root; /* owned */
  guint n_parts;
};

/* One header field as a range of the message. */
typedef struct
{
  gsize name, name_length;
  gsize value; /* what follows the colon */
  gsize end;   /* without its last line end */
} LlFieldRange;

/* The field at or after *position, which is moved on; FALSE at the end of the header. */
gboolean ll_part_next_field (const LlPart *part, gsize *position, LlFieldRange *field);

/* The value unfolded: line ends gone, blanks around it too. (transfer full) */
char *ll_unfold (const char *value, gsize length);

/* Every line end CRLF. (transfer full) */
GBytes *ll_canonical_bytes (const char *data, gsize length);

/* Finds parts, boundaries and header sections (mail/scan.c). */
gboolean ll_message_scan (LlMessage *message, LlReason *limit, GError **error);

LlPart *ll_part_new (LlMessage *message, LlPart *parent, gsize start);

/* As ll_message_new(), but `bytes` may be empty (what was decrypted may be), and `limit` tells
 * which limit was passed. (transfer full) */
LlMessage *ll_message_new_inner (GBytes *bytes, LlReason *limit, GError **error);

/* As ll_part_dup_addresses() with a limit of one's own; NULL when there are more.
 * (transfer full) */
GPtrArray *ll_part_dup_all_addresses (const LlPart *part, const char *name, guint limit);

G_END_DECLS
