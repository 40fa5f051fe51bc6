/* A program that arrives in pieces and changes nothing before it is committed. */
#ifndef STAGING_H
#define STAGING_H

#include "outcome.h"
#include "program.h"

/* Forget what was staged, begin with the infrared level. */
void staging_begin(uint16_t ir);

/* Add the next era; ORDER if the last one lacks spans, or it is too much. A repeat of the last piece
 * adds nothing. */
enum outcome staging_add_era(const struct era *era);

/* Add the last era's next span; ORDER if it has all of them. A repeat adds nothing. */
enum outcome staging_add_span(const struct span *span);

/* Return whether what is staged is whole and can be run. */
enum outcome staging_check(void);

/* Borrow what is staged; it stays as it is until the next `staging_` call that changes it. */
const struct program *staging_program(void);

#endif
