#include <stddef.h>

#include "crc.h"
#include "program.h"

static enum program_fault era_fault(const struct program *program, const struct era *era)
{
    const struct span *spans = &program->spans[era->first_span];

    if (spans[0].start != 0)
        return PROGRAM_ORDER;
    for (uint8_t i = 1; i < era->span_count; i++)
        if (spans[i].start <= spans[i - 1].start)
            return PROGRAM_ORDER;
    return spans[era->span_count - 1].start < era->cycle ? PROGRAM_RUNS : PROGRAM_ORDER;
}

static enum program_fault order_fault(const struct program *program)
{
    uint8_t spans = 0;

    if (!program->era_count || program->era_count > MOST_ERAS || program->span_count > MOST_SPANS)
        return PROGRAM_ORDER;
    for (uint8_t i = 0; i < program->era_count; i++) {
        const struct era *era = &program->eras[i];

        if (!era->span_count || era->first_span != spans
            || era->span_count > program->span_count - spans)
            return PROGRAM_ORDER;
        if (i && era->from <= program->eras[i - 1].from)
            return PROGRAM_ORDER;
        if (era_fault(program, era) != PROGRAM_RUNS)
            return PROGRAM_ORDER;
        spans += era->span_count;
    }
    return spans == program->span_count ? PROGRAM_RUNS : PROGRAM_ORDER;
}

static enum program_fault range_fault(const struct program *program)
{
    if (program->ir < IR_FLOOR || program->ir > FULL_LEVEL)
        return PROGRAM_RANGE;
    for (uint8_t i = 0; i < program->era_count; i++) {
        const struct era *era = &program->eras[i];

        if (!era->cycle || era->cycle > LONGEST_CYCLE_S || era->zero >= era->cycle)
            return PROGRAM_RANGE;
    }
    for (uint8_t i = 0; i < program->span_count; i++)
        if (program->spans[i].from > FULL_LEVEL || program->spans[i].to > FULL_LEVEL)
            return PROGRAM_RANGE;
    return PROGRAM_RUNS;
}

enum program_fault program_fault(const struct program *program)
{
    enum program_fault fault = order_fault(program);

    return fault == PROGRAM_RUNS ? range_fault(program) : fault;
}

static uint16_t crc_of_more(uint16_t crc, const void *bytes, uint16_t length)
{
    const uint8_t *byte = bytes;

    while (length--)
        crc = crc_of_byte(crc, *byte++);
    return crc;
}

uint16_t program_crc(const struct program *program)
{
    uint16_t crc = crc_of(program, offsetof(struct program, eras));

    crc = crc_of_more(crc, program->eras, program->era_count * sizeof program->eras[0]);
    return crc_of_more(crc, program->spans, program->span_count * sizeof program->spans[0]);
}
