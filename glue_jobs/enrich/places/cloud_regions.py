"""Regions of cloud providers: their country, and the coordinates of the city or district that names them.

Sources: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html,
https://cloud.google.com/compute/docs/regions-zones, https://learn.microsoft.com/azure/reliability/regions-list. Azure's
service tags shorten a few names; both forms are listed. Azure's Regions have a country only.
"""

from __future__ import annotations

from typing import NamedTuple

from glue_jobs.enrich.places.countries import entries

SOURCE = "Coordinates of cloud Regions: the cities that the providers name them after"


class CloudRegion(NamedTuple):
    """One Region; degrees north and east, where they are known."""

    country: str
    name: str
    latitude: float | None
    longitude: float | None


_AWS = """
af-south-1 ZA Cape Town -33.92 18.42; ap-east-1 HK Hong Kong 22.32 114.17; ap-east-2 TW Taipei 25.03 121.57
ap-northeast-1 JP Tokyo 35.68 139.69; ap-northeast-2 KR Seoul 37.57 126.98; ap-northeast-3 JP Osaka 34.69 135.5
ap-south-1 IN Mumbai 19.08 72.88; ap-south-2 IN Hyderabad 17.39 78.49; ap-southeast-1 SG Singapore 1.35 103.82
ap-southeast-2 AU Sydney -33.87 151.21; ap-southeast-3 ID Jakarta -6.21 106.85
ap-southeast-4 AU Melbourne -37.81 144.96; ap-southeast-5 MY Malaysia 3.14 101.69
ap-southeast-6 NZ New Zealand -36.85 174.76; ap-southeast-7 TH Thailand 13.76 100.5
ca-central-1 CA Montréal 45.5 -73.57; ca-west-1 CA Calgary 51.05 -114.07; cn-north-1 CN Beijing 39.9 116.41
cn-northwest-1 CN Ningxia 37.5 105.2; eu-central-1 DE Frankfurt 50.11 8.68; eu-central-2 CH Zurich 47.37 8.54
eu-north-1 SE Stockholm 59.33 18.07; eu-south-1 IT Milan 45.46 9.19; eu-south-2 ES Spain 41.65 -0.88
eu-west-1 IE Ireland 53.35 -6.26; eu-west-2 GB London 51.51 -0.13; eu-west-3 FR Paris 48.86 2.35
eusc-de-east-1 DE Brandenburg 52.4 13.06; il-central-1 IL Tel Aviv 32.09 34.78
me-central-1 AE United Arab Emirates 25.2 55.27; me-south-1 BH Bahrain 26.07 50.56
mx-central-1 MX Querétaro 20.59 -100.39; sa-east-1 BR São Paulo -23.55 -46.63
us-east-1 US Northern Virginia 39.04 -77.49; us-east-2 US Ohio 39.96 -83; us-gov-east-1 US GovCloud East 39.96 -83
us-gov-west-1 US GovCloud West 45.84 -119.7; us-west-1 US Northern California 37.35 -121.96
us-west-2 US Oregon 45.84 -119.7
"""

_GCP = """
africa-south1 ZA Johannesburg -26.2 28.05; asia-east1 TW Changhua County 24.05 120.52
asia-east2 HK Hong Kong 22.32 114.17; asia-northeast1 JP Tokyo 35.68 139.69; asia-northeast2 JP Osaka 34.69 135.5
asia-northeast3 KR Seoul 37.57 126.98; asia-south1 IN Mumbai 19.08 72.88; asia-south2 IN Delhi 28.7 77.1
asia-southeast1 SG Singapore 1.35 103.82; asia-southeast2 ID Jakarta -6.21 106.85
asia-southeast3 TH Bangkok 13.76 100.5; australia-southeast1 AU Sydney -33.87 151.21
australia-southeast2 AU Melbourne -37.81 144.96; europe-central2 PL Warsaw 52.23 21.01
europe-north1 FI Hamina 60.57 27.2; europe-north2 SE Stockholm 59.33 18.07; europe-southwest1 ES Madrid 40.42 -3.7
europe-west1 BE St. Ghislain 50.45 3.82; europe-west10 DE Berlin 52.52 13.4; europe-west12 IT Turin 45.07 7.69
europe-west2 GB London 51.51 -0.13; europe-west3 DE Frankfurt 50.11 8.68; europe-west4 NL Eemshaven 53.43 6.83
europe-west6 CH Zurich 47.37 8.54; europe-west8 IT Milan 45.46 9.19; europe-west9 FR Paris 48.86 2.35
me-central1 QA Doha 25.29 51.53; me-central2 SA Dammam 26.39 49.98; me-west1 IL Tel Aviv 32.09 34.78
northamerica-northeast1 CA Montréal 45.5 -73.57; northamerica-northeast2 CA Toronto 43.65 -79.38
northamerica-south1 MX Querétaro 20.59 -100.39; southamerica-east1 BR Osasco -23.53 -46.79
southamerica-west1 CL Santiago -33.45 -70.67; us-central1 US Iowa 41.26 -95.86; us-east1 US South Carolina 33.2 -80.01
us-east4 US Northern Virginia 39.04 -77.49; us-east5 US Columbus 39.96 -83; us-south1 US Dallas 32.78 -96.8
us-west1 US Oregon 45.6 -121.18; us-west2 US Los Angeles 34.05 -118.24; us-west3 US Salt Lake City 40.76 -111.89
us-west4 US Las Vegas 36.17 -115.14
"""

_AZURE = """
AE uaecentral uaenorth; AT austriaeast; AU australiacentral australiacentral2 australiaeast australiasoutheast
BE belgiumcentral; BR brazilse brazilsouth brazilsoutheast; CA canadacentral canadaeast
CH switzerlandn switzerlandnorth switzerlandw switzerlandwest; CL chilec chilecentral
DE germanyn germanynorth germanywc; DE germanywestcentral; DK denmarkeast; ES spaincentral
FR centralfrance francecentral francesouth southfrance; GB uknorth uksouth uksouth2 ukwest; HK eastasia
ID indonesiacentral; IE northeurope; IL israelcentral israelnorthwest
IN centralindia jioindiacentral jioindiawest southindia westindia; IT italynorth; JP japaneast japanwest
KR koreacentral koreasouth; MX mexicocentral; MY malaysiasouth malaysiawest; NL westeurope; NO norwaye norwayeast
NO norwayw norwaywest; NZ newzealandnorth; PL polandcentral; QA qatarcentral; SE swedencentral swedensouth
SG southeastasia; TW taiwannorth taiwannorthwest; US centralus centraluseuap eastus eastus2 eastus2euap eastus3
US northcentralus southcentralus southcentralus2 westcentralus westus westus2 westus3
ZA southafricanorth southafricawest
"""


def _with_cities(provider: str, table: str) -> dict[str, CloudRegion]:
    return {
        f"{provider}/{region}": CloudRegion(country, " ".join(name), float(north), float(east))
        for region, country, *name, north, east in entries(table)
    }


CLOUD_REGIONS: dict[str, CloudRegion] = {
    **_with_cities("AWS", _AWS),
    **_with_cities("GCP", _GCP),
    **{
        f"Azure/{region}": CloudRegion(country, region, None, None)
        for country, *regions in entries(_AZURE)
        for region in regions
    },
}
"""Regions by the label of their place, such as ``AWS/us-east-2``."""
