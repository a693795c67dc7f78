/* message.h - bytes <-> MIME entities, with limits, never re-serialised.
 *
 * Every part knows its exact byte range in the source, so that what was signed is verified octet
 * for octet (PM-06). Where two readers could disagree about the structure (duplicate Content-Type,
 * duplicate parameters, a missing closing boundary, NUL, bare CR ...) the part says so, and nothing
 * may be credited to it (VM-07, AT-25, IA-06).
 *
 * A message is a tree of LlPart owned by an LlMessage; parts are borrowed and live as long as it.
 * Header fields are taken apart when first asked for: one thread at a time. Nothing but the tree is
 * held in memory: contents are ranges of the message's source, and are read as streams.
 */
#pragma once

#include <gio/gio.h>

#include "base/reason.h"
#include "bridge/source.h"

G_BEGIN_DECLS

typedef struct _LlMessage LlMessage;
typedef struct _LlPart LlPart;

/* Parses a whole message or MIME entity (an mbox "From " line before it is skipped). Keeps a
 * reference to `source`. Fails only for what can't be read at all: LL_ERROR_BAD_DATA for empty
 * input and for what is over a limit of base/limits.h (the error tells the number), and the
 * errors of the source. (transfer full) */
LlMessage *ll_message_new_source (LlSource *source, GError **error);
LlMessage *ll_message_new (GBytes *bytes, GError **error);
LlMessage *ll_message_ref (LlMessage *message);
void ll_message_unref (LlMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlMessage, ll_message_unref)

LlSource *ll_message_get_source (const LlMessage *message);
LlPart *ll_message_get_root (const LlMessage *message);

/* How many parts, this message's and nested messages' together. */
guint ll_message_get_n_parts (const LlMessage *message);

/* Header fields of a part, in order. Names as written; values raw, still folded and encoded. */
guint ll_part_get_n_fields (const LlPart *part);
const char *ll_part_get_field_name (const LlPart *part, guint index);
const char *ll_part_get_field_value (const LlPart *part, guint index); /* raw, unfolded not */
/* The first field of that name, unfolded; NULL when absent. (transfer full) (nullable) */
char *ll_part_dup_field (const LlPart *part, const char *name);
/* The same with encoded words decoded (RFC 2047) after structural parsing; not made safe. */
char *ll_part_dup_field_text (const LlPart *part, const char *name);
guint ll_part_count_fields (const LlPart *part, const char *name);

/* "text", "plain": lower case, RFC 2045 defaults filled in. Borrowed. */
const char *ll_part_get_type (const LlPart *part);
const char *ll_part_get_subtype (const LlPart *part);
gboolean ll_part_is_type (const LlPart *part, const char *type,
                          const char *subtype); /* "*" matches */
/* A Content-Type parameter, RFC 2231 decoded; NULL when absent. Borrowed. */
const char *ll_part_get_parameter (const LlPart *part, const char *name);
/* The file name (Content-Disposition, else Content-Type name), decoded; not made safe. */
const char *ll_part_get_file_name (const LlPart *part);
gboolean ll_part_is_attachment (const LlPart *part); /* Content-Disposition: attachment */

LlPart *ll_part_get_parent (const LlPart *part);
guint ll_part_get_n_children (const LlPart *part); /* of a multipart; 1 for message/rfc822 */
LlPart *ll_part_get_child (const LlPart *part, guint index);

/* NONE, or why the structure here can be read in two ways. */
LlReason ll_part_get_ambiguity (const LlPart *part);
/* The same for the part and everything above and below it. */
LlReason ll_part_get_tree_ambiguity (const LlPart *part);

/* Exact octets, as ranges of the message. A part's entity is its header section and body, without
 * the line end before the boundary (RFC 1847 section 2.1). (transfer full) */
LlSource *ll_part_dup_entity (const LlPart *part);
LlSource *ll_part_dup_body (const LlPart *part);
guint64 ll_part_get_body_size (const LlPart *part);
/* The entity in canonical form: every line end CRLF (SM-13, PM-04). (transfer full) */
GInputStream *ll_part_open_canonical (const LlPart *part);
/* The body with its transfer encoding undone. (transfer full) */
GInputStream *ll_part_open_content (const LlPart *part);
/* The same in memory, not larger than `limit`. (transfer full) */
GBytes *ll_part_dup_content (const LlPart *part, gsize limit, GError **error);
/* Its first octets, up to `limit`; *is_cut tells whether there are more. (transfer full) */
GBytes *ll_part_dup_content_head (const LlPart *part, gsize limit, gboolean *is_cut);
/* How much it is: the body is decoded once for it. */
guint64 ll_part_count_content (const LlPart *part);
/* The content as UTF-8 text, for text parts; never fails: undecodable octets become U+FFFD. No more
 * than LL_LIMIT_SHOWN_BYTES of it. (transfer full) */
char *ll_part_dup_text (const LlPart *part);
/* The same of the first *room octets, which are taken off *room. (transfer full) */
char *ll_part_dup_text_within (const LlPart *part, gsize *room, gboolean *is_cut);

/* The mailboxes of all fields of that name: their addr-specs, up to LL_LIMIT_FROM_ADDRESSES.
 * Display names, comments and groups are parsed by grammar and never taken for an address (TR-06).
 * A mailbox whose address cannot be parsed strictly gives "". (transfer full, of char*) */
GPtrArray *ll_part_dup_addresses (const LlPart *part, const char *name);

/* The one author that a signature can be bound to: exactly one From field with exactly one mailbox.
 * NULL, with `reason` FROM_MISSING or FROM_AMBIGUOUS, otherwise (TR-05, AT-17). */
char *ll_part_dup_author (const LlPart *part, LlReason *reason);

G_END_DECLS
