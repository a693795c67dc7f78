/* address.h - the mailboxes of an address field, by the grammar of RFC 5322 section 3.4.
 *
 * What enters: the unfolded, undecoded value of one field. What leaves: addr-specs. Display names,
 * comments, group names and routes are read over and never become an address (TR-06, AT-17, AT-18);
 * encoded words are not decoded, so none can (IA-04). A mailbox that does not follow the grammar
 * gives "" rather than a guess.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *addresses; /* of char*, in order; "" for what is not an address */
  gboolean has_group;
  gboolean truncated; /* there were more than the limit */
} LlMailboxes;

LlMailboxes *ll_mailboxes_parse (const char *text, guint limit);
void ll_mailboxes_free (LlMailboxes *mailboxes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlMailboxes, ll_mailboxes_free)

/* An address field for people: encoded words decoded where they may stand, that is outside quoted
 * strings and angle brackets (IA-04). Not made safe. (transfer full) */
char *ll_address_field_text (const char *text);

G_END_DECLS
