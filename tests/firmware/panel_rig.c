/* A light panel without hardware: the reference firmware on an emulated ATmega328P, with what is
 * around it on the board. A shared library for tests/firmware/emulated_panel.py.
 *
 * One thread at a time for each rig. Time is the true one, in microseconds since the rig was made:
 * the controller's crystal may be wrong by so many ppm. Registers are named by their address in
 * memory. Source: ATmega328P data sheet, register summary; simavr 1.6 headers. */
#include "panel_rig.h"

#include <simavr/avr_adc.h>
#include <simavr/avr_eeprom.h>
#include <simavr/avr_timer.h>
#include <simavr/avr_uart.h>
#include <simavr/avr_watchdog.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_time.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    REG_DDRB = 0x24,
    REG_PORTB = 0x25,
    REG_EECR = 0x3F,
    REG_EEDR = 0x40,
    REG_EEARL = 0x41,
    REG_EEARH = 0x42,
    REG_MCUSR = 0x54,
    REG_TCCR1A = 0x80,
    REG_TCCR1B = 0x81,
    REG_OCR1AL = 0x88,
    REG_OCR1BL = 0x8A,
    BIT_EEPE = 1 << 1,
    BIT_EEMPE = 1 << 2,
    CLOCK_SELECT = 7,
    /* The emulator takes 11 bits for a byte of 10, and drops what comes faster than that. */
    CYCLES_A_BYTE = 1504,
    EEPROM_WRITE_US = 3399,
    SENSOR_FULL_RAW = 800,
    SUPPLY_MV = 5000
};

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

/* What a pin gives, per mille: driven by the timer, driven by its port bit, or left to its pull
 * resistor. */
static uint16_t pin_level(const struct rig *rig, int bit, int connect, int compare, int pulled)
{
    const uint8_t *data = rig->avr->data;

    if (!(data[REG_DDRB] & bit))
        return pulled;
    if (data[REG_TCCR1A] & connect && data[REG_TCCR1B] & CLOCK_SELECT) {
        uint32_t steps = (data[compare] | data[compare + 1] << 8) + 1;
        return (steps * 1000 + 512) / 1024;
    }
    return data[REG_PORTB] & bit ? 1000 : 0;
}

static void note_light(struct rig *rig)
{
    uint16_t white = 0, ir = 0;

    if (rig->is_powered) {
        white = pin_level(rig, 1 << 2, 1 << 5, REG_OCR1BL, 0);
        ir = pin_level(rig, 1 << 1, 1 << 7, REG_OCR1AL, 1000);
    }
    if (white == rig->white && ir == rig->ir)
        return;
    rig->white = white;
    rig->ir = ir;
    if (rig->change_count < RIG_CHANGES)
        rig->changes[rig->change_count] = (struct rig_change){rig_time_us(rig), white, ir};
    rig->change_count++;
}

/* Timer1 would wake the emulator 6000 times a second for a wave that registers tell as well. */
static void still_the_wave(struct rig *rig)
{
    avr_cycle_timer_pool_t *pool = &rig->avr->cycle_timers;

    if (rig->has_wave)
        return;
    for (avr_cycle_timer_slot_p *at = &pool->timer; *at;) {
        avr_cycle_timer_slot_p slot = *at;
        if (slot->param != rig->timer1) {
            at = &slot->next;
            continue;
        }
        *at = slot->next;
        slot->next = pool->timer_free;
        pool->timer_free = slot;
    }
}

static avr_cycle_count_t end_eeprom_write(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct rig *rig = param;

    (void)when;
    rig->is_eeprom_busy = 0;
    avr->data[REG_EECR] &= ~BIT_EEPE;
    return 0;
}

static void begin_eeprom_write(struct rig *rig, uint8_t before)
{
    avr_t *avr = rig->avr;
    uint16_t address = avr->data[REG_EEARL] | avr->data[REG_EEARH] << 8;

    rig->is_eeprom_busy = 1;
    rig->eeprom_writes++;
    avr_cycle_timer_register_usec(avr, EEPROM_WRITE_US, end_eeprom_write, rig);
    if (!rig->cut_after || --rig->cut_after)
        return;
    rig->eeprom[address] = rig->torn == RIG_TORN_OLD ? before : rig->torn == RIG_TORN_ERASED ? 0xFF
                           : rig->torn == RIG_TORN_NEW ? avr->data[REG_EEDR]
                                                       : avr->data[REG_EEDR] & rand_r(&rig->seed);
    rig->is_cut = 1;
    avr->state = cpu_Stopped;
}

/* The emulated EEPROM is done at once; the real one takes 3.4 ms and says so in EEPE. */
static void on_eecr(struct rig *rig, uint8_t armed_before, uint8_t value, uint8_t before)
{
    uint8_t begins = (armed_before & BIT_EEMPE) && (value & BIT_EEPE);

    if (begins && rig->is_eeprom_busy)
        rig->violations++;
    else if (begins)
        begin_eeprom_write(rig, before);
    if (rig->is_eeprom_busy)
        rig->avr->data[REG_EECR] |= BIT_EEPE;
}

static avr_cycle_count_t feed_byte(avr_t *avr, avr_cycle_count_t when, void *param)
{
    struct rig *rig = param;

    (void)avr;
    if (rig->feed_begin == rig->feed_end)
        return 0;
    avr_raise_irq(rig->uart_in, rig->feed[rig->feed_begin]);
    rig->feed_begin = (rig->feed_begin + 1) % RIG_BYTES;
    return when + CYCLES_A_BYTE;
}

/* A reset of the controller forgets the emulator's timers, too. */
static void keep_feeding(struct rig *rig)
{
    if (rig->feed_begin != rig->feed_end && !avr_cycle_timer_status(rig->avr, feed_byte, rig))
        avr_cycle_timer_register(rig->avr, CYCLES_A_BYTE, feed_byte, rig);
}

static void on_start(struct rig *rig)
{
    rig->starts++;
    rig->is_eeprom_busy = 0;
    if (rig->is_hung)
        memcpy(rig->avr->flash + rig->hung_at, rig->hung_code, sizeof rig->hung_code);
    rig->is_hung = 0;
    keep_feeding(rig);
}

static void on_write(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct rig_hook *hook = param;
    struct rig *rig = hook->rig;
    uint8_t armed_before = avr->data[REG_EECR];
    uint8_t before = rig->eeprom[(avr->data[REG_EEARL] | avr->data[REG_EEARH] << 8) % RIG_EEPROM];

    if (hook->write)
        hook->write(avr, address, value, hook->param);
    else
        avr->data[address] = value;
    if (address == REG_MCUSR)
        on_start(rig);
    else if (address == REG_EECR)
        on_eecr(rig, armed_before, value, before);
    else
        still_the_wave(rig);
    note_light(rig);
}

static void hook_writes(struct rig *rig)
{
    static const avr_io_addr_t watched[RIG_HOOKS] = {
        REG_DDRB, REG_PORTB, REG_EECR, REG_MCUSR, REG_TCCR1A, REG_TCCR1B, REG_OCR1AL, REG_OCR1BL,
    };

    for (int i = 0; i < RIG_HOOKS; i++) {
        int io = AVR_DATA_TO_IO(watched[i]);
        struct rig_hook *hook = &rig->hooks[i];

        *hook = (struct rig_hook){rig, rig->avr->io[io].w.c, rig->avr->io[io].w.param};
        rig->avr->io[io].w.c = on_write;
        rig->avr->io[io].w.param = hook;
    }
}

static void on_sent(avr_irq_t *irq, uint32_t byte, void *param)
{
    struct rig *rig = param;

    (void)irq;
    if (rig->sent_count < RIG_BYTES)
        rig->sent[rig->sent_count++] = byte;
}

static void on_convert(avr_irq_t *irq, uint32_t value, void *param)
{
    struct rig *rig = param;
    union {
        avr_adc_mux_t mux;
        uint32_t value;
    } asked = {.value = value};
    int channel = asked.mux.src;
    const struct rig_sensor *sensor = &rig->sensors[channel != 0];
    int level = channel ? rig->ir : rig->white;

    (void)irq;
    if (sensor->fault == RIG_DEAD)
        level = 0;
    if (sensor->fault == RIG_STUCK_ON)
        level = 1000;
    int raw = level * SENSOR_FULL_RAW / 1000;
    if (sensor->noise)
        raw += (int)(rand_r(&rig->seed) % (2 * sensor->noise + 1)) - (int)sensor->noise;
    raw = raw < 0 ? 0 : raw > 1023 ? 1023 : raw;
    /* The emulator cuts the quotient; half a step more is the same reading. */
    avr_raise_irq(avr_io_getirq(rig->avr, AVR_IOCTL_ADC_GETIRQ, channel),
                  (raw * SUPPLY_MV + SUPPLY_MV / 2) / 1023);
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

static void connect(struct rig *rig)
{
    avr_t *avr = rig->avr;
    uint32_t flags = 0;
    avr_eeprom_desc_t eeprom = {.ee = NULL, .offset = 0, .size = 0};

    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    rig->uart_in = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent,
                            rig);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER),
                            on_convert, rig);
    avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &eeprom);
    rig->eeprom = eeprom.ee;
    for (avr_io_t *io = avr->io_port; io; io = io->next)
        if (!strcmp(io->kind, "timer") && ((avr_timer_t *)io)->name == '1')
            rig->timer1 = io;
    hook_writes(rig);
    rtc_connect(rig);
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
    connect(rig);
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
    rebase(rig);
    avr_reset(rig->avr);
    rig->avr->state = cpu_Running;
    rig->avr->data[REG_MCUSR] = cause;
    note_light(rig);
    keep_feeding(rig);
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
    note_light(rig);
}

void rig_reset(struct rig *rig, uint8_t cause)
{
    start(rig, cause);
}

int rig_run(struct rig *rig, uint64_t us)
{
    avr_t *avr = rig->avr;
    avr_cycle_count_t target;

    if (!rig->is_powered) {
        rig->base_us += us;
        return RIG_RUNS;
    }
    target = avr->cycle + (avr_cycle_count_t)(us * hz(rig) / 1e6);
    keep_feeding(rig);
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
    if (!rig->is_powered)
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
