/* What is soldered to the controller: lamps, sensors, EEPROM, the line. Source: ATmega328P data sheet,
 * register summary; simavr 1.6 headers. */
#include <simavr/avr_adc.h>
#include <simavr/avr_eeprom.h>
#include <simavr/avr_timer.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_time.h>
#include <stdlib.h>
#include <string.h>

#include "panel_rig.h"

enum {
    REG_DDRB = 0x24,
    REG_PORTB = 0x25,
    REG_DDRC = 0x27,
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
    SENSOR_FULL_RAW = 800
};

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

void rig_note_light(struct rig *rig)
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
void rig_keep_feeding(struct rig *rig)
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
    rig_keep_feeding(rig);
}

static void on_write(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct rig_hook *hook = param;
    struct rig *rig = hook->rig;
    uint8_t armed_before = avr->data[REG_EECR];
    uint8_t driven_before = avr->data[REG_DDRC];
    uint8_t before = rig->eeprom[(avr->data[REG_EEARL] | avr->data[REG_EEARH] << 8) % RIG_EEPROM];

    if (hook->write)
        hook->write(avr, address, value, hook->param);
    else
        avr->data[address] = value;
    if (address == REG_MCUSR)
        on_start(rig);
    else if (address == REG_EECR)
        on_eecr(rig, armed_before, value, before);
    else if (address == REG_DDRC)
        rtc_see_clock(rig, driven_before, value);
    else
        still_the_wave(rig);
    rig_note_light(rig);
}

static void hook_writes(struct rig *rig)
{
    static const avr_io_addr_t watched[RIG_HOOKS] = {
        REG_DDRB, REG_PORTB, REG_EECR, REG_MCUSR, REG_TCCR1A, REG_TCCR1B, REG_OCR1AL, REG_OCR1BL,
        REG_DDRC,
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

void rig_connect(struct rig *rig)
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
