#include "crc.h"

uint16_t crc_of(const void *bytes, uint16_t length)
{
    const uint8_t *byte = bytes;
    uint16_t crc = CRC_START;

    while (length--)
        crc = crc_of_byte(crc, *byte++);
    return crc;
}
