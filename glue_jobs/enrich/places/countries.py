"""Countries: ISO 3166-1 alpha-2 code, name, and the approximate coordinates of the middle.

Coordinates: The World Factbook, "Geographic coordinates" (public domain), in degrees. ISO 3166 has no code for Kosovo;
geographic databases use XK.
"""

from __future__ import annotations

from typing import NamedTuple

SOURCE = "Coordinates of countries: The World Factbook, public domain"


class Country(NamedTuple):
    """One country; degrees north and east."""

    name: str
    latitude: float
    longitude: float


_TABLE = """
AD Andorra 42.5 1.5; AE United Arab Emirates 24 54; AF Afghanistan 33 65; AG Antigua and Barbuda 17.05 -61.8
AI Anguilla 18.25 -63.17; AL Albania 41 20; AM Armenia 40 45; AO Angola -12.5 18.5; AQ Antarctica -90 0
AR Argentina -34 -64; AS American Samoa -14.33 -170; AT Austria 47.33 13.33; AU Australia -27 133
AW Aruba 12.5 -69.97; AX Åland Islands 60.12 19.9; AZ Azerbaijan 40.5 47.5; BA Bosnia and Herzegovina 44 18
BB Barbados 13.17 -59.53; BD Bangladesh 24 90; BE Belgium 50.83 4; BF Burkina Faso 13 -2; BG Bulgaria 43 25
BH Bahrain 26 50.55; BI Burundi -3.5 30; BJ Benin 9.5 2.25; BL Saint Barthélemy 17.9 -62.83; BM Bermuda 32.33 -64.75
BN Brunei 4.5 114.67; BO Bolivia -17 -65; BQ Caribbean Netherlands 12.18 -68.24; BR Brazil -10 -55
BS Bahamas 24.25 -76; BT Bhutan 27.5 90.5; BV Bouvet Island -54.43 3.4; BW Botswana -22 24; BY Belarus 53 28
BZ Belize 17.25 -88.75; CA Canada 60 -95; CC Cocos (Keeling) Islands -12.5 96.83
CD Democratic Republic of the Congo 0 25; CF Central African Republic 7 21; CG Republic of the Congo -1 15
CH Switzerland 47 8; CI Côte d'Ivoire 8 -5; CK Cook Islands -21.23 -159.77; CL Chile -30 -71; CM Cameroon 6 12
CN China 35 105; CO Colombia 4 -72; CR Costa Rica 10 -84; CU Cuba 21.5 -80; CV Cabo Verde 16 -24; CW Curaçao 12.17 -69
CX Christmas Island -10.5 105.67; CY Cyprus 35 33; CZ Czechia 49.75 15.5; DE Germany 51 9; DJ Djibouti 11.5 43
DK Denmark 56 10; DM Dominica 15.42 -61.33; DO Dominican Republic 19 -70.67; DZ Algeria 28 3; EC Ecuador -2 -77.5
EE Estonia 59 26; EG Egypt 27 30; EH Western Sahara 24.5 -13; ER Eritrea 15 39; ES Spain 40 -4; ET Ethiopia 8 38
FI Finland 64 26; FJ Fiji -18 175; FK Falkland Islands -51.75 -59; FM Micronesia 6.92 158.25; FO Faroe Islands 62 -7
FR France 46 2; GA Gabon -1 11.75; GB United Kingdom 54 -2; GD Grenada 12.12 -61.67; GE Georgia 42 43.5
GF French Guiana 4 -53; GG Guernsey 49.47 -2.58; GH Ghana 8 -2; GI Gibraltar 36.13 -5.35; GL Greenland 72 -40
GM Gambia 13.47 -16.57; GN Guinea 11 -10; GP Guadeloupe 16.25 -61.58; GQ Equatorial Guinea 2 10; GR Greece 39 22
GS South Georgia and the South Sandwich Islands -54.5 -37; GT Guatemala 15.5 -90.25; GU Guam 13.47 144.78
GW Guinea-Bissau 12 -15; GY Guyana 5 -59; HK Hong Kong 22.25 114.17; HM Heard Island and McDonald Islands -53.1 72.52
HN Honduras 15 -86.5; HR Croatia 45.17 15.5; HT Haiti 19 -72.42; HU Hungary 47 20; ID Indonesia -5 120
IE Ireland 53 -8; IL Israel 31.5 34.75; IM Isle of Man 54.25 -4.5; IN India 20 77
IO British Indian Ocean Territory -6 71.5; IQ Iraq 33 44; IR Iran 32 53; IS Iceland 65 -18; IT Italy 42.83 12.83
JE Jersey 49.25 -2.17; JM Jamaica 18.25 -77.5; JO Jordan 31 36; JP Japan 36 138; KE Kenya 1 38; KG Kyrgyzstan 41 75
KH Cambodia 13 105; KI Kiribati 1.42 173; KM Comoros -12.17 44.25; KN Saint Kitts and Nevis 17.33 -62.75
KP North Korea 40 127; KR South Korea 37 127.5; KW Kuwait 29.5 45.75; KY Cayman Islands 19.5 -80.5
KZ Kazakhstan 48 68; LA Laos 18 105; LB Lebanon 33.83 35.83; LC Saint Lucia 13.88 -60.97; LI Liechtenstein 47.27 9.53
LK Sri Lanka 7 81; LR Liberia 6.5 -9.5; LS Lesotho -29.5 28.5; LT Lithuania 56 24; LU Luxembourg 49.75 6.17
LV Latvia 57 25; LY Libya 25 17; MA Morocco 32 -5; MC Monaco 43.73 7.4; MD Moldova 47 29; ME Montenegro 42.5 19.3
MF Saint Martin 18.08 -63.95; MG Madagascar -20 47; MH Marshall Islands 9 168; MK North Macedonia 41.83 22
ML Mali 17 -4; MM Myanmar 22 98; MN Mongolia 46 105; MO Macao 22.17 113.55; MP Northern Mariana Islands 15.2 145.75
MQ Martinique 14.67 -61; MR Mauritania 20 -12; MS Montserrat 16.75 -62.2; MT Malta 35.83 14.58
MU Mauritius -20.28 57.55; MV Maldives 3.25 73; MW Malawi -13.5 34; MX Mexico 23 -102; MY Malaysia 2.5 112.5
MZ Mozambique -18.25 35; NA Namibia -22 17; NC New Caledonia -21.5 165.5; NE Niger 16 8
NF Norfolk Island -29.03 167.95; NG Nigeria 10 8; NI Nicaragua 13 -85; NL Netherlands 52.5 5.75; NO Norway 62 10
NP Nepal 28 84; NR Nauru -0.53 166.92; NU Niue -19.03 -169.87; NZ New Zealand -41 174; OM Oman 21 57; PA Panama 9 -80
PE Peru -10 -76; PF French Polynesia -15 -140; PG Papua New Guinea -6 147; PH Philippines 13 122; PK Pakistan 30 70
PL Poland 52 20; PM Saint Pierre and Miquelon 46.83 -56.33; PN Pitcairn -25.07 -130.1; PR Puerto Rico 18.25 -66.5
PS Palestine 32 35.25; PT Portugal 39.5 -8; PW Palau 7.5 134.5; PY Paraguay -23 -58; QA Qatar 25.5 51.25
RE Réunion -21.1 55.6; RO Romania 46 25; RS Serbia 44 21; RU Russia 60 100; RW Rwanda -2 30; SA Saudi Arabia 25 45
SB Solomon Islands -8 159; SC Seychelles -4.58 55.67; SD Sudan 15 30; SE Sweden 62 15; SG Singapore 1.37 103.8
SH Saint Helena -15.95 -5.7; SI Slovenia 46.12 14.82; SJ Svalbard and Jan Mayen 78 20; SK Slovakia 48.67 19.5
SL Sierra Leone 8.5 -11.5; SM San Marino 43.77 12.42; SN Senegal 14 -14; SO Somalia 10 49; SR Suriname 4 -56
SS South Sudan 8 30; ST São Tomé and Príncipe 1 7; SV El Salvador 13.83 -88.92; SX Sint Maarten 18.07 -63.07
SY Syria 35 38; SZ Eswatini -26.5 31.5; TC Turks and Caicos Islands 21.75 -71.58; TD Chad 15 19
TF French Southern Territories -49.25 69.17; TG Togo 8 1.17; TH Thailand 15 100; TJ Tajikistan 39 71
TK Tokelau -9 -172; TL Timor-Leste -8.83 125.92; TM Turkmenistan 40 60; TN Tunisia 34 9; TO Tonga -20 -175
TR Türkiye 39 35; TT Trinidad and Tobago 11 -61; TV Tuvalu -8 178; TW Taiwan 23.5 121; TZ Tanzania -6 35
UA Ukraine 49 32; UG Uganda 1 32; UM United States Minor Outlying Islands 19.28 166.65; US United States 38 -97
UY Uruguay -33 -56; UZ Uzbekistan 41 64; VA Vatican City 41.9 12.45; VC Saint Vincent and the Grenadines 13.25 -61.2
VE Venezuela 8 -66; VG British Virgin Islands 18.5 -64.5; VI United States Virgin Islands 18.33 -64.83
VN Vietnam 16.17 107.83; VU Vanuatu -16 167; WF Wallis and Futuna -13.3 -176.2; WS Samoa -13.58 -172.33
XK Kosovo 42.58 21; YE Yemen 15 48; YT Mayotte -12.83 45.17; ZA South Africa -29 24; ZM Zambia -15 30
ZW Zimbabwe -20 30
"""


def entries(table: str) -> list[list[str]]:
    """The words of each entry of a table; semicolons and line ends separate the entries."""
    return [entry.split() for entry in table.replace("\n", ";").split(";") if entry.strip()]


COUNTRIES = {code: Country(" ".join(name), float(north), float(east)) for code, *name, north, east in entries(_TABLE)}
"""The countries by their codes."""
