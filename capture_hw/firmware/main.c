/* A light panel that runs its committed program by itself. See docs/firmware.md. */
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <stdbool.h>

#include "bank.h"
#include "clock.h"
#include "command.h"
#include "eeprom.h"
#include "lamp.h"
#include "light.h"
#include "loop.h"
#include "override.h"
#include "reset.h"
#include "rtc.h"
#include "sense.h"
#include "setting.h"
#include "tick.h"
#include "uart.h"

/* What the watchdog waits before it acts, and what the clock has lost then. */
#define WATCHDOG WDTO_1S
#define WATCHDOG_MS (1000ul * ACCELERATION)

static void begin(void)
{
    lamp_begin();
    wdt_enable(WATCHDOG);
    reset_begin();
    setting_load();
    bank_load();
    clock_begin(reset_keeps_time(), reset_cause() == RESET_WATCHDOG ? WATCHDOG_MS : 0);
    rtc_begin();
    sense_begin();
    uart_begin();
    tick_begin();
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
}

static void let_a_tick_pass(void)
{
    clock_advance(TICK_MS, setting_now()->trim_ppm);
    override_advance(TICK_MS);
    command_advance(TICK_MS);
    sense_turn();
}

/* Give every subject its turn; none of them waits for anything. */
static void turn(void)
{
    bool has_ticked = tick_take();
    bool has_changed = false;

    if (has_ticked)
        let_a_tick_pass();
    eeprom_turn();
    reset_turn();
    has_changed |= rtc_turn(has_ticked);
    has_changed |= command_finish(bank_turn());
    has_changed |= command_finish(setting_turn());
    has_changed |= command_turn();
    if (has_ticked || has_changed)
        light_turn(has_changed);
    /* Not without a tick: light that does not follow the clock is a hang, too. */
    if (has_ticked)
        wdt_reset();
}

/* Sleep until the next interrupt, unless there is something to do. */
static void rest(void)
{
    cli();
    if (!tick_is_pending() && !uart_has_received() && !eeprom_can_go_on() && !rtc_is_busy()) {
        sleep_enable();
        sei();
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

int main(void)
{
    begin();
    for (;;) {
        uint32_t began_us = tick_us();

        turn();
        loop_note(tick_us() - began_us);
        rest();
    }
}
