/* A light panel without hardware: the reference firmware on an emulated ATmega328P, with what is
 * around it on the board. A shared library for tests/firmware/emulated_panel.py.
 *
 * One thread at a time for each rig. Time is the true one, in microseconds since the rig was made:
 * the controller's crystal may be wrong by so many ppm. Registers are named by their address in
 * memory. Source: ATmega328P data sheet, register summary; simavr 1.6 headers. */
#include "panel_rig.h"

#include <simavr/avr_watchdog.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_time.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { REG_DDRB = 0x24, REG_MCUSR = 0x54 };

static void be_silent(avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr, (void)level, (void)format, (void)arguments;
}

static double hz(const struct rig *rig)
{
    return rig->avr->frequency * (1 + rig->crystal_ppm / 1e6);
}

uint64_t rig_time_us(const struct rig *rig)
{
    return rig->base_us + (uint64_t)((rig->avr->cycle - rig->base_cycle) * 1e6 / hz(rig) + 0.5);
}

static void rebase(struct rig *rig)
{
    rig->base_us = rig_time_us(rig);
    rig->base_cycle = rig->avr->cycle;
}

static avr_cycle_count_t be_there(avr_t *avr, avr_cycle_count_t when, void *param)
{
    (void)avr, (void)when, (void)param;
    return 0;
}

static void do_not_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
    (void)avr, (void)cycles;
}

struct rig *rig_new(const char *elf, unsigned seed, int has_wave, double acceleration)
{
    struct rig *rig = calloc(1, sizeof *rig);
    elf_firmware_t firmware = {0};

    avr_global_logger_set(be_silent);
    rig->avr = avr_make_mcu_by_name("atmega328p");
    if (!rig->avr || elf_read_firmware(elf, &firmware)) {
        free(rig);
        return NULL;
    }
    firmware.frequency = 16000000;
    avr_init(rig->avr);
    avr_load_firmware(rig->avr, &firmware);
    rig->avr->sleep = do_not_sleep;
    rig->avr->vcc = rig->avr->avcc = rig->avr->aref = SUPPLY_MV;
    rig->seed = seed;
    rig->has_wave = has_wave;
    rig->acceleration = acceleration;
    rig_connect(rig);
    memset(rig->eeprom, 0xFF, RIG_EEPROM);
    return rig;
}

void rig_free(struct rig *rig)
{
    avr_terminate(rig->avr);
    free(rig->avr);
    free(rig);
}

static void start(struct rig *rig, uint8_t cause)
{
    /* They gather until the firmware clears them; power-on clears the others. */
    uint8_t causes = cause & 1 << 0 ? cause : cause | rig->avr->data[REG_MCUSR];

    rebase(rig);
    rig->is_held = 0;
    avr_reset(rig->avr);
    rig->avr->state = cpu_Running;
    rig->avr->data[REG_MCUSR] = causes;
    rig_note_light(rig);
    rig_keep_feeding(rig);
}

void rig_power_on(struct rig *rig)
{
    uint8_t *data = rig->avr->data;

    rig->is_powered = 1;
    rig->is_cut = 0;
    for (int i = 0x100; i <= rig->avr->ramend; i++)
        data[i] = rig->paint ? rig->paint : rand_r(&rig->seed);
    start(rig, 1 << 0);
}

void rig_power_off(struct rig *rig)
{
    rebase(rig);
    rig->is_powered = 0;
    rig->feed_begin = rig->feed_end;
    rig_note_light(rig);
}

/* Until the next reset: nothing runs, pins are inputs, RAM stays. */
void rig_hold(struct rig *rig)
{
    rebase(rig);
    rig->is_held = 1;
    rig->feed_begin = rig->feed_end;
    rig->avr->data[REG_DDRB] = 0;
    rig_note_light(rig);
}

void rig_reset(struct rig *rig, uint8_t cause)
{
    start(rig, cause);
}

int rig_run(struct rig *rig, uint64_t us)
{
    avr_t *avr = rig->avr;
    avr_cycle_count_t target;

    if (!rig->is_powered || rig->is_held) {
        rig->base_us += us;
        return RIG_RUNS;
    }
    target = avr->cycle + (avr_cycle_count_t)(us * hz(rig) / 1e6);
    rig_keep_feeding(rig);
    /* A sleeping controller is taken to the next timer of the emulator: there is one in time. */
    avr_cycle_timer_cancel(avr, be_there, rig);
    avr_cycle_timer_register(avr, target - avr->cycle, be_there, rig);
    while (avr->cycle < target) {
        int state = avr_run(avr);

        if (rig->is_cut) {
            rig_power_off(rig);
            return RIG_CUT;
        }
        if (state == cpu_Done || state == cpu_Crashed)
            return RIG_CRASHED;
    }
    return RIG_RUNS;
}

void rig_hang(struct rig *rig, int keeps_interrupts)
{
    /* cli (or nop); rjmp to itself. Source: AVR instruction set. */
    const uint16_t code[2] = {keeps_interrupts ? 0x0000 : 0x94F8, 0xCFFF};

    rig->is_hung = 1;
    rig->hung_at = rig->avr->pc;
    memcpy(rig->hung_code, rig->avr->flash + rig->hung_at, sizeof rig->hung_code);
    memcpy(rig->avr->flash + rig->hung_at, code, sizeof code);
}

int rig_feed(struct rig *rig, const uint8_t *bytes, int count)
{
    int fed = 0;

    for (; fed < count && (rig->feed_end + 1) % RIG_BYTES != rig->feed_begin; fed++) {
        rig->feed[rig->feed_end] = bytes[fed];
        rig->feed_end = (rig->feed_end + 1) % RIG_BYTES;
    }
    if (!rig->is_powered || rig->is_held)
        rig->feed_begin = rig->feed_end;
    return fed;
}

int rig_take(struct rig *rig, uint8_t *bytes, int most)
{
    int count = rig->sent_count < most ? rig->sent_count : most;

    memcpy(bytes, rig->sent, count);
    memmove(rig->sent, rig->sent + count, rig->sent_count - count);
    rig->sent_count -= count;
    return count;
}

int rig_take_changes(struct rig *rig, struct rig_change *changes, int most)
{
    int count = rig->change_count < most ? rig->change_count : most;

    if (rig->change_count > RIG_CHANGES)
        return -1;
    memcpy(changes, rig->changes, count * sizeof *changes);
    memmove(rig->changes, rig->changes + count, (rig->change_count - count) * sizeof *changes);
    rig->change_count -= count;
    return count;
}

void rig_set_crystal(struct rig *rig, double ppm)
{
    rebase(rig);
    rig->crystal_ppm = ppm;
}

void rig_cut_after(struct rig *rig, uint32_t writes, int torn)
{
    rig->cut_after = writes;
    rig->torn = torn;
}

void rig_set_sensor(struct rig *rig, int lamp, int fault, unsigned noise)
{
    rig->sensors[lamp] = (struct rig_sensor){fault, noise};
}

void rig_set_paint(struct rig *rig, uint8_t paint)
{
    rig->paint = paint;
}

uint8_t *rig_eeprom(struct rig *rig)
{
    return rig->eeprom;
}

uint8_t *rig_memory(struct rig *rig)
{
    return rig->avr->data;
}

uint64_t rig_cycle(const struct rig *rig)
{
    return rig->avr->cycle;
}

uint16_t rig_white(const struct rig *rig)
{
    return rig->white;
}

uint16_t rig_ir(const struct rig *rig)
{
    return rig->ir;
}

uint32_t rig_eeprom_writes(const struct rig *rig)
{
    return rig->eeprom_writes;
}

uint32_t rig_violations(const struct rig *rig)
{
    return rig->violations;
}

uint32_t rig_starts(const struct rig *rig)
{
    return rig->starts;
}

int rig_left_to_feed(const struct rig *rig)
{
    return (rig->feed_end - rig->feed_begin + RIG_BYTES) % RIG_BYTES;
}
