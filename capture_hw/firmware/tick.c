#include "tick.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

/* 16 MHz / 1024 / 125 = 125 Hz: 8 ms without remainder. Source: ATmega328P, Timer2 in CTC mode. */
#define COUNTS_A_TICK 125u
#define US_A_COUNT 64u
/* Tests start shortly before the counter wraps, which takes 49 days. */
#ifndef UPTIME_START_MS
#define UPTIME_START_MS 0
#endif

static volatile uint16_t ended;
static uint16_t taken;
static uint32_t uptime_ms = UPTIME_START_MS;

ISR(TIMER2_COMPA_vect)
{
    ended++;
}

void tick_begin(void)
{
    TCCR2A = _BV(WGM21);
    TCCR2B = _BV(CS22) | _BV(CS21) | _BV(CS20);
    OCR2A = COUNTS_A_TICK - 1;
    TIMSK2 = _BV(OCIE2A);
}

bool tick_is_pending(void)
{
    uint16_t now;

    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = ended;
    }
    return now != taken;
}

bool tick_take(void)
{
    if (!tick_is_pending())
        return false;
    taken++;
    uptime_ms += TICK_MS;
    return true;
}

uint32_t tick_uptime_ms(void)
{
    return uptime_ms;
}

uint32_t tick_us(void)
{
    static uint16_t ticks_before;
    static uint32_t ticks;
    uint16_t now;
    uint8_t count;

    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now = ended;
        count = TCNT2;
        /* The counter was read after it began again, but the interrupt has to wait. */
        if ((TIFR2 & _BV(OCF2A)) && count < COUNTS_A_TICK / 2)
            now++;
    }
    ticks += (uint16_t)(now - ticks_before);
    ticks_before = now;
    return (ticks * COUNTS_A_TICK + count) * US_A_COUNT;
}
