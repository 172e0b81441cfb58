"""Invented names of newcomers, vendors, clients and things, in many alphabets on purpose."""

from __future__ import annotations

import unicodedata

from psauth.sandbox.company.worktime import opaque_id

# fmt: off
NEWCOMERS = (
    "Aoife Byrne", "Mateusz Zieliński", "Hiroshi Mori", "Fatima Zahra El Idrissi", "Siobhán Ní Dhomhnaill",
    "Óscar Peña", "Anneliese Groß", "Thandiwe Nkosi", "Émile Gauthier", "Nadia Rahman", "Ruben van der Meer",
    "Ülkü Şahin", "Paulo Simões", "Ivana Kovačević", "Ravi Menon", "Clara Østergaard", "Bogdan Ştefănescu",
    "Mia Järvinen", "Kwame Boateng", "Lucía Fernández", "Elif Çelik", "Håkon Lie", "王 小明", "Jasmin Köhler",
    "Daniel Okafor", "Sofía Ramírez", "Petr Novák", "Agnieszka Lis", "Gintarė Kazlauskaitė", "Theo Papadakis",
)
CATEGORIES = ("Software", "Logistics", "Raw material", "Consulting")
_VENDORS = {
    "Brämer Optik GmbH": ("DE", "Raw material"), "Kestrel Logistics": ("NO", "Logistics"),
    "Śląsk Precision": ("PL", "Raw material"), "Nuvem Serviços": ("BR", "Software"),
    "Halden & Søn": ("NO", "Raw material"), "Orbis Software": ("DE", "Software"),
    "Tanaka Seiki": ("JP", "Raw material"), "Blue Fjord AS": ("NO", "Logistics"),
    "Quill & Vane": ("DE", "Consulting"), "Mercado Sul": ("BR", "Raw material"),
    "Lumière Conseil": ("DE", "Consulting"), "Ferrous Union": ("PL", "Raw material"),
    "Åsgard Data": ("NO", "Software"), "Papyrus Büro": ("DE", "Raw material"),
    "Vela Freight": ("BR", "Logistics"), "Cobalt Labs": ("DE", "Software"),
    "Nordlicht Energie": ("DE", "Raw material"), "Tinta Gráfica": ("BR", "Raw material"),
    "Pelican Insurance": ("DE", "Consulting"), "Ostrava Steel": ("PL", "Raw material"),
    "Zephyr Cloud": ("PL", "Software"), "Mistral Audit": ("DE", "Consulting"),
    "Hexagon Tools": ("DE", "Raw material"), "Lantern Legal": ("DE", "Consulting"),
}
VENDORS = tuple(_VENDORS)
COUNTRY_OF = {vendor: country for vendor, (country, _) in _VENDORS.items()}
CATEGORY_OF = {vendor: category for vendor, (_, category) in _VENDORS.items()}
CURRENCY_OF = {"DE": "EUR", "NO": "EUR", "JP": "USD", "PL": "PLN", "BR": "BRL"}
CLIENTS = (
    "Aurelia Water", "Stadtwerke Möhn", "Delfi Pharma", "Kopperberg Mining", "Río Claro Foods", "Finch Aerospace",
    "Baltic Dairy", "Mövenhaus Hotels", "Ōmi Ceramics", "Grange Breweries", "Sahel Solar", "Iris Hospitals",
    "Polder Shipping", "Calanque Marine", "Elbe Rail",
)
# Each product with its price, from and to, and the vendors who sell it.
PRICED = {
    "Laptop 14″": (900, 2_400, ("Cobalt Labs", "Orbis Software", "Åsgard Data")),
    "Torque gauge": (180, 950, ("Hexagon Tools", "Tanaka Seiki", "Śląsk Precision")),
    "Desk 160 cm": (240, 890, ("Papyrus Büro", "Halden & Søn")),
    "Phone": (290, 1_200, ("Cobalt Labs", "Zephyr Cloud")),
    "Monitor 27″": (190, 640, ("Cobalt Labs", "Brämer Optik GmbH")),
    "Label printer": (120, 780, ("Papyrus Büro", "Tinta Gráfica")),
    "Server rack": (1_400, 9_500, ("Åsgard Data", "Zephyr Cloud")),
    "Forklift hire": (600, 3_200, ("Kestrel Logistics", "Vela Freight", "Blue Fjord AS")),
}
PRODUCTS = tuple(PRICED)
SYSTEMS = (
    "ERP", "Mail gateway", "Website", "Shop-floor hub", "HRIS", "Data warehouse",
)
YES_NO = ("Yes", "No")
CURRENCIES = ("EUR", "USD", "PLN", "BRL")
RISK = ("Low", "Medium", "High")
OFFICES = ("Berlin", "Kraków", "São Paulo", "Remote")
# Who closes a month of its own, and the currency of its books.
UNITS = {"Berlin": "EUR", "Kraków": "PLN", "São Paulo": "BRL", "Group": "EUR"}
# What customers complain about, by the class a complaint is put into.
COMPLAINTS = {
    "Product": ("The gauge shows 12% too little since Monday.", "Das Display bleibt schwarz, auch nach dem Neustart."),
    "Delivery": ("The parcel came a week late, and one box was open.", "Two of five hubs are missing."),
    "Billing": ("The invoice lists a service plan that was cancelled.", "We were charged twice for the same order."),
    "Other": ("Nobody calls back.", "The training was in a language that half of us do not speak."),
}
# fmt: on


def plain(name: str, between: str = ".") -> str:
    """The words of a name in the letters of an address: `nguyen.minh.chau`; "" for a name without any such letter."""
    letters = unicodedata.normalize("NFKD", name.translate(str.maketrans("łŁøØæÆßðıŞşđ", "lLoOaAsdiSsd")))
    words = ["".join(c for c in word.lower() if c.isascii() and c.isalnum()) for word in letters.split()]
    return between.join(word for word in words if word)


def mailbox(name: str, otherwise: str = "member") -> str:
    """What stands before the @ in somebody's address."""
    return plain(name) or f"{otherwise}-{opaque_id(name)[:6].lower()}"
