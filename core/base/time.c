/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/time.h>

#define US_PER_DAY INT64_C(86400000000)
#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */

struct date {
    int year, month, day;
};

/* Days since 1970 -> proleptic Gregorian date. Counts in eras of 400 years that begin on 1 March, so that
 * the leap day is the last of its year. */
static struct date date_of_day(int64_t days)
{
    int64_t shifted = days + 719468; /* since 0000-03-01; not negative from FIRST_DAY on */
    int64_t era_day = shifted % 146097;
    int64_t year_of_era = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    int64_t year_day = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * year_day + 2) / 153;
    struct date date = {
        .year = (int)(shifted / 146097 * 400 + year_of_era + (shifted_month >= 10 ? 1 : 0)),
        .month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9),
        .day = (int)(year_day - (153 * shifted_month + 2) / 5 + 1),
    };
    return date;
}

/* The last `count` decimal digits of `value`. */
static void put_digits(char *at, int count, int value)
{
    for (; count > 0; value /= 10)
        at[--count] = (char)('0' + value % 10);
}

/* By hand: printf takes longer than all else that is made of a record. */
leat_str leat_time_from_us(struct leat_arena *arena, int64_t us)
{
    char text[] = "0000-00-00T00:00:00.000000";
    int64_t day = us / US_PER_DAY, rest = us % US_PER_DAY;
    if (rest < 0) {
        rest += US_PER_DAY;
        day--;
    }
    if (day < FIRST_DAY || day > LAST_DAY)
        return LEAT_ABSENT;
    struct date date = date_of_day(day);
    int seconds = (int)(rest / 1000000), fraction = (int)(rest % 1000000);
    put_digits(text, 4, date.year);
    put_digits(text + 5, 2, date.month);
    put_digits(text + 8, 2, date.day);
    put_digits(text + 11, 2, seconds / 3600);
    put_digits(text + 14, 2, seconds / 60 % 60);
    put_digits(text + 17, 2, seconds % 60);
    put_digits(text + 20, 6, fraction);
    size_t len = fraction == 0 ? 19 : fraction % 1000 == 0 ? 23 : 26;
    text[len] = 'Z';
    return leat_arena_copy(arena, leat_str_of(text, len + 1));
}

leat_str leat_time_from_ms(struct leat_arena *arena, int64_t ms)
{
    int64_t us;
    if (__builtin_mul_overflow(ms, (int64_t)1000, &us))
        return LEAT_ABSENT;
    return leat_time_from_us(arena, us);
}
