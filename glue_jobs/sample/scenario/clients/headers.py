"""Headers that clients send: tools, browsers, scripts, robots, and odd ones."""

from __future__ import annotations

TOOLS = (
    "aws-cli/2.17.30 md/awscrt#0.21.2 ua/2.0 os/linux#6.1.79 md/arch#x86_64 lang/python#3.11.9",
    "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.210 md/arch#x86_64 lang/python#3.10.14",
    "aws-sdk-java/2.25.11 Linux/5.15.0-1056-aws OpenJDK_64-Bit_Server_VM/17.0.10+7 Java/17.0.10 vendor/Amazon.com_Inc.",
    "Hadoop 3.3.6, aws-sdk-java/1.12.262 Linux/5.10.205 OpenJDK_64-Bit_Server_VM/17.0.10+8-LTS java/17.0.10",
    "rclone/v1.66.0",
    "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.656 Linux/5.10.210 OpenJDK_64-Bit_Server_VM/25.402-b08",
)
CONSOLE = TOOLS[-1]
BROWSERS = (
    *(
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
        for system in ("Windows NT 10.0; Win64; x64", "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7")
        for version in (118, 120, 122, 124)
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.4 Safari/605.1",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
    "GDAL/3.8.4",
)
# The list of crawlers contains only some of these; the list decides, here as in the lake.
SCRIPTS = ("python-requests/2.31.0", "curl/8.5.0", "Wget/1.21.4", "Go-http-client/1.1", "Java/17.0.10", "R (4.3.3)")
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)",
    "CCBot/2.0 (https://commoncrawl.org/faq/)",
)
REFERERS = ("", "", "", "https://example.com/", "https://www.example.com/catalog/tide-gauges?page=2&sort=newest")
BROKEN_AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
# Referer and user agent as clients send them; a parser must return them byte for byte.
ODD_HEADERS = (
    ("", 'Mozilla/5.0 "quoted" tool/1.0'),
    ("", BROKEN_AGENT + '"'),
    ("", '"' + BROKEN_AGENT),
    ("https://example.com/search?q=sea surface temperature", BROKEN_AGENT),
    ('https://example.com/search?q="tide gauges"', BROKEN_AGENT),
    ("", "Mozilla/5.0  (two blanks;  twice)"),
    ("", "t\udce9l\udce9chargeur/1.0"),
    ("", 'Mozilla/5.0" 200 - 999999999 999999999 1 1 "-" "forged'),
    ("", ""),
)
