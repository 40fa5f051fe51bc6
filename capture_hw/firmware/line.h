/* Frames: bytes to lines and back. Source: docs/panel-protocol.md, "Line". */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdint.h>

#define MOST_LINE 96u

/* Take received bytes, up to the end of one undamaged line to the panel. Its text, words with single
 * blanks between, is lent until the next call; NULL if no such line has ended yet. What is no line
 * is counted and forgotten. At most a buffer of bytes is taken, so that a flood costs little. */
char *line_receive(uint8_t *number);

/* Return how many lines could not be understood since the start, modulo 65,536. */
uint16_t line_bad(void);

/* Return whether a whole line can be sent now. */
bool line_can_send(void);

/* Send an answer piece by piece; its CRC and end are added. There must be room for a line. */
void line_begin(uint8_t number);
void line_put(char character);
void line_end(void);

#endif
