#include "staging.h"

#include <stdbool.h>
#include <string.h>

enum piece { NOTHING, BEGIN, ERA, SPAN };

static struct program staged;
static enum piece last = NOTHING;
static uint8_t announced;

static bool lacks_spans(void)
{
    return staged.span_count < announced;
}

void staging_begin(uint16_t ir)
{
    memset(&staged, 0, sizeof staged);
    staged.ir = ir;
    announced = 0;
    last = BEGIN;
}

static bool is_last_era(const struct era *era)
{
    const struct era *before;

    if (last != ERA)
        return false;
    before = &staged.eras[staged.era_count - 1];
    return era->from == before->from && era->zero == before->zero && era->cycle == before->cycle
           && era->span_count == before->span_count;
}

enum outcome staging_add_era(const struct era *era)
{
    if (is_last_era(era))
        return DONE;
    if (last == NOTHING || lacks_spans() || staged.era_count == MOST_ERAS
        || era->span_count > MOST_SPANS - announced)
        return ERROR_ORDER;
    staged.eras[staged.era_count] = *era;
    staged.eras[staged.era_count++].first_span = announced;
    announced += era->span_count;
    last = ERA;
    return DONE;
}

enum outcome staging_add_span(const struct span *span)
{
    if (last == SPAN && !memcmp(span, &staged.spans[staged.span_count - 1], sizeof *span))
        return DONE;
    if (last == NOTHING || !lacks_spans())
        return ERROR_ORDER;
    staged.spans[staged.span_count++] = *span;
    last = SPAN;
    return DONE;
}

enum outcome staging_check(void)
{
    if (last == NOTHING || lacks_spans())
        return ERROR_ORDER;
    switch (program_fault(&staged)) {
    case PROGRAM_RUNS:
        return DONE;
    case PROGRAM_RANGE:
        return ERROR_RANGE;
    default:
        return ERROR_ORDER;
    }
}

const struct program *staging_program(void)
{
    return &staged;
}
