#include "program.h"

/* Where a second lies in the program. */
struct position {
    uint8_t era;
    const struct span *span;
    uint32_t passed_s;
    uint32_t length_s;
};

static uint8_t era_at(const struct program *program, uint32_t utc_s)
{
    uint8_t era = program->era_count - 1;

    while (era && program->eras[era].from > utc_s)
        era--;
    return era;
}

static uint32_t cycle_position(const struct era *era, uint32_t utc_s)
{
    /* Before ZERO only in the first cycle of 1970, because ZERO is less than CYCLE. */
    return utc_s < era->zero ? utc_s + era->cycle - era->zero : (utc_s - era->zero) % era->cycle;
}

static struct position position_in(const struct program *program, uint8_t number, uint32_t utc_s)
{
    const struct era *era = &program->eras[number];
    const struct span *spans = &program->spans[era->first_span];
    uint32_t in_cycle_s = cycle_position(era, utc_s);
    uint8_t last = era->span_count - 1;
    uint8_t i = last;

    while (i && spans[i].start > in_cycle_s)
        i--;
    uint32_t end_s = i == last ? era->cycle : spans[i + 1].start;
    return (struct position){number, &spans[i], in_cycle_s - spans[i].start, end_s - spans[i].start};
}

static struct position position_at(const struct program *program, uint32_t utc_s)
{
    return position_in(program, era_at(program, utc_s), utc_s);
}

static bool gives_light(const struct span *span)
{
    return span->from || span->to;
}

uint16_t program_white(const struct program *program, uint32_t utc_s)
{
    struct position at = position_at(program, utc_s);
    int32_t rise = (int32_t)at.span->to - at.span->from;

    /* At most 1000 * 259,200, so 32 bits are enough; C cuts the quotient toward zero. */
    return at.span->from + rise * (int32_t)at.passed_s / (int32_t)at.length_s;
}

bool program_is_light(const struct program *program, uint32_t utc_s)
{
    return gives_light(position_at(program, utc_s).span);
}

/* Set the first second from `from_s` on, within a cycle of the era, whose phase is another one. */
static bool other_phase(const struct program *program, uint8_t era, bool is_light, uint32_t from_s,
                        uint32_t *found_s)
{
    for (uint8_t i = 0; i <= program->eras[era].span_count; i++) {
        struct position at = position_in(program, era, from_s);

        if (gives_light(at.span) != is_light) {
            *found_s = from_s;
            return true;
        }
        uint32_t ends_s = from_s + (at.length_s - at.passed_s);
        if (ends_s < from_s)
            return false;
        from_s = ends_s;
    }
    return false;
}

bool program_next_change(const struct program *program, uint32_t utc_s, uint32_t *change_s)
{
    bool is_light = program_is_light(program, utc_s);

    for (uint8_t era = era_at(program, utc_s); era < program->era_count; era++) {
        bool is_last = era + 1 == program->era_count;
        bool found = other_phase(program, era, is_light, utc_s, change_s);

        if (found && (is_last || *change_s < program->eras[era + 1].from))
            return true;
        if (!is_last)
            utc_s = program->eras[era + 1].from;
    }
    return false;
}
