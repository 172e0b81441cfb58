"""Invented names of newcomers, vendors, clients and things, in many alphabets on purpose."""

from __future__ import annotations

# fmt: off
NEWCOMERS = (
    "Aoife Byrne", "Mateusz Zieliński", "Hiroshi Mori", "Fatima Zahra El Idrissi", "Siobhán Ní Dhomhnaill",
    "Óscar Peña", "Anneliese Groß", "Thandiwe Nkosi", "Émile Gauthier", "Nadia Rahman", "Ruben van der Meer",
    "Ülkü Şahin", "Paulo Simões", "Ivana Kovačević", "Ravi Menon", "Clara Østergaard", "Bogdan Ştefănescu",
    "Mia Järvinen", "Kwame Boateng", "Lucía Fernández", "Elif Çelik", "Håkon Lie", "王 小明", "Jasmin Köhler",
    "Daniel Okafor", "Sofía Ramírez", "Petr Novák", "Agnieszka Lis", "Gintarė Kazlauskaitė", "Theo Papadakis",
)
VENDORS = (
    "Brämer Optik GmbH", "Kestrel Logistics", "Śląsk Precision", "Nuvem Serviços", "Halden & Søn", "Orbis Software",
    "Tanaka Seiki", "Blue Fjord AS", "Quill & Vane", "Mercado Sul", "Lumière Conseil", "Ferrous Union", "Åsgard Data",
    "Papyrus Büro", "Vela Freight", "Cobalt Labs", "Nordlicht Energie", "Tinta Gráfica", "Pelican Insurance",
    "Ostrava Steel", "Zephyr Cloud", "Mistral Audit", "Hexagon Tools", "Lantern Legal",
)
CLIENTS = (
    "Aurelia Water", "Stadtwerke Möhn", "Delfi Pharma", "Kopperberg Mining", "Río Claro Foods", "Finch Aerospace",
    "Baltic Dairy", "Mövenhaus Hotels", "Ōmi Ceramics", "Grange Breweries", "Sahel Solar", "Iris Hospitals",
    "Polder Shipping", "Calanque Marine", "Elbe Rail",
)
PRODUCTS = (
    "Laptop 14″", "Torque gauge", "Desk 160 cm", "Phone", "Monitor 27″", "Label printer", "Server rack",
    "Forklift hire",
)
SYSTEMS = (
    "ERP", "Mail gateway", "Website", "Shop-floor hub", "HRIS", "Data warehouse",
)
# fmt: on
