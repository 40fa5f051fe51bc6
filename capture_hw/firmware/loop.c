#include "loop.h"

static uint32_t longest_us;

void loop_note(uint32_t us)
{
    if (us > longest_us)
        longest_us = us;
}

uint32_t loop_longest_us(void)
{
    return longest_us;
}
