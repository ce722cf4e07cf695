// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/zonename.h"

#include "base/take.h"

enum { NAME_MAX_LETTERS = 5 };

// Minutes east of UTC, and the names, each between spaces.
static const struct {
    int16_t minutes;
    const char *names;
} zones[] = {
    {-720, " Y "},
    {-660, " NUT SST X "},
    {-600, " CKT HAST HST TAHT TKT W "},
    {-570, " MART MIT "},
    {-540, " AKST GAMT GIT HADT HNY V "},
    {-480, " AKDT CIST HAY HNP PST U "},
    {-420, " HAP HNR MST PDT T "},
    {-360, " CST EAST GALT HAR HNC MDT S "},
    {-300, " CDT COT EASST ECT EST HAC HNE PET R "},
    {-270, " HLV VET "},
    {-240, " AST BOT CLT COST EDT FKT GYT HAE HNA PYT Q "},
    {-210, " HNT NST "},
    {-180, " ADT ART BRT CLST FKST GFT HAA P PMST PYST SRT UYT WGT "},
    {-150, " HAT NDT "},
    {-120, " BRST FNT O PMDT UYST WGST "},
    {-60, " AZOT CVT EGT N "},
    {0, " EGST GMT UTC WET Z "},
    {60, " A CET DFT WAT WEDT WEST "},
    {120, " B CAT CEDT CEST EET SAST WAST "},
    {180, " C EAT EEDT EEST IDT MSK "},
    {210, " IRST "},
    {240, " AMT AZT D GET GST KUYT MSD MUT RET SAMT SCT "},
    {270, " AFT IRDT "},
    {300, " AMST AQTT AZST E HMT MAWT MVT PKT TFT TJT TMT UZT YEKT "},
    {330, " SLT "},
    {345, " NPT "},
    {360, " ALMT BIOT BTT F IOT KGT NOVT OMST YEKST "},
    {390, " CCT MMT "},
    {420, " CXT DAVT G HOVT ICT KRAT NOVST OMSST THA WIB "},
    {480, " ACT AWST BDT BNT CAST H HKT IRKT KRAST MYT PHT SGT ULAT WITA WST "},
    {540, " AWDT I IRKST JST KST PWT TLT WDT WIT YAKT "},
    {570, " ACST "},
    {600, " AEST K PGT VLAT YAKST YAPT "},
    {630, " ACDT LHST "},
    {660, " AEDT L LHDT MAGT NCT PONT SBT VLAST VUT "},
    {690, " NFT "},
    {720, " ANAST ANAT FJT GILT M MAGST MHT NZST PETST PETT TVT WFT "},
    {780, " FJST NZDT "},
};

static bool find(struct slice name, int32_t *ret_offset)
{
    char text[NAME_MAX_LETTERS + 3] = " ";

    memcpy(text + 1, name.p, name.n);
    text[1 + name.n] = ' ';
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (strstr(zones[i].names, text)) {
            *ret_offset = zones[i].minutes * 60;
            return true;
        }
    }
    return false;
}

bool zonename_read(struct slice text, int32_t *ret_offset)
{
    struct slice rest = text, name = {text.p, 0};
    int32_t named = 0, added = 0;

    while (rest.n > 0 && rest.p[0] >= 'A' && rest.p[0] <= 'Z' && name.n < NAME_MAX_LETTERS)
        rest = slice_from(rest, 1), name.n++;
    if (text.n == 0 || (name.n > 0 && !find(name, &named)))
        return false;
    if (rest.n > 0 && (!take_offset(&rest, &added) || rest.n > 0))
        return false;
    *ret_offset = named + added;
    return true;
}
