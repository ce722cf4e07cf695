// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/gibberish.h"

enum { LETTERS = 26, SELDOM = 4 }; // on average

// How seldom a letter stands behind another one, from 0 to 9, each step half as often as the one
// before. Counted in English words, in names of places and people of many countries as they are
// written in plain letters, and in what servers are called. 3 is as often as by chance.
static const char seldom[LETTERS][LETTERS + 1] = {
    // a b c d e f g h i j k l m n o p q r s t u v w x y z
    "42125425263020524110334435", // a
    "26662674355266369345368558", // b
    "17351661282356047241377944", // c
    "24440655157445346325356766", // d
    "13103335364120424001423235", // e
    "37663368187376378343496959", // f
    "36561643397443356236365957", // g
    "17662686277544269354385948", // h
    "23122328655120136211628463", // i
    "48684896687998478988498999", // j
    "37662565278565459435475878", // k
    "16530557075156156633357925", // l
    "13551655195535227544378549", // m
    "15211304173453257510346747", // n
    "33225336454210227022232457", // o
    "15451553395265238133376779", // p
    "68777798599576778878368899", // q
    "14320535184433147322325723", // r
    "25240552183335225320264534", // s
    "15340452085344138112375726", // t
    "33333548375231428222686656", // u
    "28661867299547458567789889", // v
    "38753875398575378446694879", // w
    "57564886499778748764678768", // x
    "46564776497543539635586966", // y
    "46562865499688599867779948", // z
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

bool gibberish_is(struct slice word)
{
    size_t letters = 0, pairs = 0, sum = 0;

    for (size_t i = 0; i < word.n; i++) {
        if (!is_letter(word.p[i]))
            continue;
        letters++;
        if (i == 0 || !is_letter(word.p[i - 1]))
            continue;
        sum += (size_t)(seldom[word.p[i - 1] - 'a'][word.p[i] - 'a'] - '0');
        pairs++;
    }
    return letters >= GIBBERISH_LEAST && sum > SELDOM * pairs;
}
