/* What the words of a command may be. */
#ifndef WORD_H
#define WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "outcome.h"

/* The longest command, stage-era, has five words; one more is already too many. */
#define MOST_WORDS 6u

/* Cut a text at its blanks, in place. Return the number of words, MOST_WORDS + 1 if there are more;
 * of those beyond, nothing is kept. */
uint8_t word_split(char *text, char *words[MOST_WORDS]);

/* Parse decimal integers, each within its limits. First the form of all is looked at (ARGUMENTS),
 * then their values (RANGE), as docs/panel-protocol.md wants it. */
struct limit {
    int32_t least; /* negative only together with a `most` below 2^31 */
    uint32_t most;
};
enum outcome word_numbers(char *const words[], uint8_t count, const struct limit limits[],
                          uint32_t values[]);

/* Parse four hexadecimal digits, upper case. */
enum outcome word_crc(const char *word, uint16_t *crc);

/* Return whether a word is `-`. */
bool word_is_none(const char *word);

#endif
