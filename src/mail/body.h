/* body.h - what a message says, as text that is safe to show.
 *
 * Each part stands for itself and is never run together with another (SM-25, AT-07); HTML becomes
 * plain text without fetching or running anything (E2E-22, AT-08); what is encrypted inside the
 * payload is named and not opened (E2E-17); attachments are named and not shown.
 */
#pragma once

#include "mail/message.h"

G_BEGIN_DECLS

/* `is_encrypted`: some layer of the envelope encrypts, so that legacy display elements are left out
 * (HP-34). Lines end in LF. (transfer full) */
char *ll_body_dup_text (const LlPart *payload, gboolean is_encrypted);

/* HTML as plain text: tags, comments, scripts and styles gone, entities read, blocks on lines of
 * their own. Not made safe. (transfer full) */
char *ll_body_html_to_text (const char *html);

G_END_DECLS
