#include "clock.h"

#include <string.h>

#include "crc.h"

#define MS_A_SECOND 1000u
#define MILLION 1000000l

/* Two copies, because a reset may come while one is written. */
struct kept {
    struct clock clock;
    uint16_t crc;
};

static struct kept copies[2] __attribute__((section(".noinit")));
static struct clock now;
/* What the trim has added, in millionths of a millisecond. */
static int32_t trimmed;

static bool is_whole(const struct kept *kept)
{
    return kept->crc == crc_of(&kept->clock, sizeof kept->clock) && kept->clock.ms < MS_A_SECOND
           && (kept->clock.source == CLOCK_HOST || kept->clock.source == CLOCK_RTC);
}

/* One after the other: at every moment one of them is whole. */
static void keep(void)
{
    uint16_t crc = crc_of(&now, sizeof now);

    for (uint8_t i = 0; i < 2; i++) {
        volatile struct kept *copy = &copies[i];

        copy->clock = now;
        copy->crc = crc;
    }
}

/* A bit may flip; a time without a whole copy is none. */
static void mend(void)
{
    if (!memcmp(&now, &copies[0].clock, sizeof now))
        return;
    if (is_whole(&copies[0]))
        now = copies[0].clock;
    else if (!is_whole(&copies[1]) || memcmp(&now, &copies[1].clock, sizeof now))
        now.source = CLOCK_NONE;
    keep();
}

static void add(uint32_t ms)
{
    uint32_t sum = now.ms + ms;

    now.utc_s += sum / MS_A_SECOND;
    now.ms = sum % MS_A_SECOND;
}

void clock_begin(bool is_kept, uint32_t lost_ms)
{
    memset(&now, 0, sizeof now);
    if (is_kept && is_whole(&copies[0]))
        now = copies[0].clock;
    else if (is_kept && is_whole(&copies[1]))
        now = copies[1].clock;
    if (now.source != CLOCK_NONE)
        add(lost_ms);
    keep();
}

void clock_advance(uint16_t ms, int16_t trim_ppm)
{
    int32_t whole_ms;

    mend();
    if (now.source == CLOCK_NONE)
        return;
    if (trimmed <= -MILLION || trimmed >= MILLION)
        trimmed = 0;
    trimmed += (int32_t)ms * trim_ppm;
    whole_ms = trimmed / MILLION;
    trimmed -= whole_ms * MILLION;
    /* The trim is at most 2 %, so this is never less than nothing. */
    add(ms + whole_ms);
    keep();
}

void clock_set(uint32_t utc_s, uint16_t ms, enum clock_source source)
{
    now.utc_s = utc_s;
    now.ms = ms;
    now.source = source;
    keep();
}

void clock_set_offset(int16_t offset_min)
{
    mend();
    now.offset_min = offset_min;
    keep();
}

bool clock_is_known(void)
{
    return now.source != CLOCK_NONE;
}

const struct clock *clock_now(void)
{
    return &now;
}
