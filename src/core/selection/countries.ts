import { REGIONS, type Region } from '#base/region.ts'

/**
 * Where countries are: ISO 3166-1 code, latitude and longitude in whole degrees of their main place. Codes and places come
 * from `zone.tab` of the time zone database (public domain), the large countries' from their middle.
 */
const TABLE: Readonly<Record<Region, string>> = {
  europe: `
    AD 42 2, AL 41 20, AT 48 16, AX 60 20, BA 44 18, BE 51 4, BG 43 23, BY 54 28, CH 47 9, CY 35 33,
    CZ 50 14, DE 51 10, DK 56 13, EE 59 25, ES 40 -4, FI 60 25, FO 62 -7, FR 47 2, GB 53 -2,
    GG 49 -3, GI 36 -5, GR 38 24, HR 46 16, HU 48 19, IE 53 -6, IM 54 -4, IS 64 -22, IT 43 12,
    JE 49 -2, LI 47 10, LT 55 25, LU 50 6, LV 57 24, MC 44 7, MD 47 29, ME 42 19, MK 42 21, MT 36 15,
    NL 52 5, NO 61 10, PL 52 21, PT 39 -8, RO 44 26, RS 45 20, RU 57 45, SE 60 16, SI 46 15,
    SJ 78 16, SK 48 17, SM 44 12, TR 39 35, UA 49 31, VA 42 12`,
  america: `
    AG 17 -62, AI 18 -63, AR -34 -62, AW 12 -70, BB 13 -60, BL 18 -63, BM 32 -65, BO -16 -68,
    BQ 12 -68, BR -14 -50, BS 25 -77, BZ 18 -88, CA 53 -95, CL -33 -71, CO 5 -74, CR 10 -84,
    CU 23 -82, CW 12 -69, DM 15 -61, DO 18 -70, EC -1 -78, FK -52 -58, GD 12 -62, GF 5 -52,
    GL 68 -45, GP 16 -62, GS -54 -37, GT 15 -91, GY 7 -58, HN 14 -87, HT 19 -72, JM 18 -77,
    KN 17 -63, KY 19 -81, LC 14 -61, MF 18 -63, MQ 15 -61, MS 17 -62, MX 23 -102, NI 12 -86,
    PA 9 -80, PE -12 -77, PM 47 -56, PR 18 -66, PY -25 -58, SR 6 -55, SV 14 -89, SX 18 -63,
    TC 21 -71, TT 11 -62, US 38 -97, UY -35 -56, VC 13 -61, VE 10 -67, VG 18 -65, VI 18 -65`,
  asia: `
    AE 25 55, AF 35 69, AM 40 44, AZ 40 50, BD 24 90, BH 26 51, BN 5 115, BT 27 90, CC -12 97,
    CN 33 110, CX -10 106, GE 42 45, HK 22 114, ID -4 113, IL 32 35, IN 22 79, IO -7 72, IQ 33 44,
    IR 36 51, JO 32 36, JP 36 138, KG 43 75, KH 12 105, KP 39 126, KR 38 127, KW 29 48, KZ 48 68,
    LA 18 103, LB 34 36, LK 7 80, MM 17 96, MN 47 105, MO 22 114, MV 4 74, MY 4 102, NP 28 85,
    OM 24 59, PH 15 121, PK 25 67, PS 32 34, QA 25 52, SA 25 47, SG 1 104, SY 34 36, TH 14 101,
    TJ 39 69, TL -9 126, TM 38 58, TW 25 122, UZ 41 64, VN 11 107, YE 13 45`,
  other: `
    AO -9 13, AQ -80 0, AS -14 -171, AU -30 145, BF 12 -2, BI -3 29, BJ 6 3, BV -54 3, BW -25 26,
    CD -3 23, CF 4 19, CG -4 15, CI 5 -4, CK -21 -160, CM 4 10, CV 15 -24, DJ 12 43, DZ 37 3,
    EG 30 31, EH 27 -13, ER 15 39, ET 9 39, FJ -18 178, FM 7 158, GA 0 9, GH 6 0, GM 13 -17,
    GN 10 -14, GQ 4 9, GU 13 145, GW 12 -16, HM -53 73, KE -1 37, KI 1 173, KM -12 43, LR 6 -11,
    LS -29 28, LY 33 13, MA 34 -8, MG -19 48, MH 7 171, ML 13 -8, MP 15 146, MR 18 -16, MU -20 58,
    MW -16 35, MZ -26 33, NA -23 17, NC -22 166, NE 14 2, NF -29 168, NG 6 3, NR -1 167, NU -19 -170,
    NZ -41 174, PF -17 -149, PG -6 145, PN -25 -130, PW 7 134, RE -21 55, RW -2 30, SB -10 160,
    SC -5 55, SD 16 33, SH -16 -6, SL 8 -13, SN 15 -17, SO 2 45, SS 5 32, ST 0 7, SZ -26 31,
    TD 12 15, TF -49 70, TG 6 1, TK -9 -171, TN 37 10, TO -21 -175, TV -9 179, TZ -7 39, UG 0 32,
    UM 19 167, VU -18 168, WF -13 -176, WS -14 -172, YT -13 45, ZA -29 25, ZM -15 28, ZW -18 31`,
}

interface Country {
  readonly region: Region
  /** Radians. */
  readonly latitude: number
  readonly longitude: number
}

const COUNTRIES: ReadonlyMap<string, Country> = new Map(
  REGIONS.flatMap((region) =>
    TABLE[region].split(',').map((entry): [string, Country] => {
      const [code = '', latitude, longitude] = entry.trim().split(' ')
      return [code, { region, latitude: radians(latitude), longitude: radians(longitude) }]
    }),
  ),
)
const EARTH_RADIUS_KM = 6371

export function countryCodes(): readonly string[] {
  return [...COUNTRIES.keys()]
}

/** Undefined for what is no country: `T1`, `EU`, `ZZ`. */
export function regionOf(country: string): Region | undefined {
  return COUNTRIES.get(country)?.region
}

/** Along the ground, between the main places of two countries. Infinite where one is unknown. */
export function distanceKm(from: string, to: string): number {
  const [a, b] = [COUNTRIES.get(from), COUNTRIES.get(to)]
  if (a === undefined || b === undefined) return Number.POSITIVE_INFINITY
  const half = (angle: number) => Math.sin(angle / 2) ** 2
  const chord =
    half(b.latitude - a.latitude) +
    Math.cos(a.latitude) * Math.cos(b.latitude) * half(b.longitude - a.longitude)
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(Math.sqrt(chord), 1))
}

function radians(degrees: string | undefined): number {
  return (Number(degrees) * Math.PI) / 180
}
