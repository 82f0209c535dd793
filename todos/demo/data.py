"""The demo's people, lists and to-dos; days count back from the day it is made."""

from dataclasses import dataclass, field

from todos.models import Role

PEOPLE = {
    "anna.kern": ("Anna Kern", "Europe/Berlin"),
    "priya.rao": ("Priya Rao", "Asia/Kolkata"),
    "tom.okafor": ("Tom Okafor", "Europe/London"),
    "lena.voss": ("Lena Voss", "America/New_York"),
}
ANNA, PRIYA, TOM, LENA = PEOPLE


@dataclass(frozen=True, slots=True)
class DemoTodo:
    text: str
    added: int
    by: str
    done: int | None = None
    done_by: str = ""
    notes: str = ""
    reworded: str = ""
    trashed: bool = False


@dataclass(frozen=True, slots=True)
class DemoList:
    name: str
    owner: str
    shared_with: dict[str, Role]
    todos: list[DemoTodo] = field(default_factory=list)


LISTS = [
    DemoList(
        "Flat renovation",
        ANNA,
        {TOM: Role.OWNER, PRIYA: Role.EDITOR, LENA: Role.READER},
        [
            DemoTodo("Agree on a budget", 40, ANNA, done=35, done_by=TOM, notes="Ceiling: 18,000. A tenth stays back."),
            DemoTodo("Call the electrician", 34, ANNA, done=30),
            DemoTodo("Ask three kitchen makers for an offer", 33, PRIYA, done=21, done_by=ANNA),
            DemoTodo("Photograph the old sockets", 30, TOM),
            DemoTodo(
                "Measure the worktop", 28, ANNA, notes="Width, depth and the gap behind the stove.\nTwice, it is old."
            ),
            DemoTodo("Order tiles", 20, PRIYA, reworded="Order tiles, 4 m² + 10 % spare"),
            DemoTodo("Choose a grout colour", 20, PRIYA, done=6),
            DemoTodo("Clear the cellar for the delivery", 14, TOM, done=2, done_by=PRIYA),
            DemoTodo("Call “Müller & Söhne” about the fittings that were delivered twice", 9, ANNA),
            DemoTodo("Book the container", 7, TOM, notes="5 m³, needs a permit for the street: allow a week."),
            DemoTodo("Find someone for the plaster", 4, PRIYA),
            DemoTodo("Buy a second hammer drill", 3, TOM, trashed=True),
        ],
    ),
    DemoList(
        "Launch of the spring issue",
        PRIYA,
        {ANNA: Role.EDITOR, LENA: Role.EDITOR},
        [
            DemoTodo("Fix the theme and the page count", 45, PRIYA, done=43),
            DemoTodo("Invite the writers", 43, PRIYA, done=38, done_by=LENA),
            DemoTodo(
                "Photographs of the harbour", 38, LENA, done=12, notes="Early, before the ferries. Fog is welcome."
            ),
            DemoTodo("Edit the interview with the lighthouse keeper", 25, ANNA, done=5),
            DemoTodo("Second proof of the cover", 16, LENA, reworded="Third proof of the cover, warmer grey"),
            DemoTodo("Check every caption against the photographs", 12, ANNA),
            DemoTodo("Ask the printer for a slot", 11, PRIYA, done=8, notes="They need 10 days and the paper weight."),
            DemoTodo("Write the letter to subscribers", 10, PRIYA),
            DemoTodo("Choose the five pages for the free sample", 6, LENA),
            DemoTodo("Update the imprint", 5, ANNA),
            DemoTodo(
                "Plan the evening at the bookshop", 3, PRIYA, notes="Chairs for 40, a microphone, tea.\nWho reads?"
            ),
        ],
    ),
    DemoList(
        "Household",
        TOM,
        {ANNA: Role.OWNER},
        [
            DemoTodo("Cancel the old phone contract", 60, TOM, done=52),
            DemoTodo("Have the boiler looked at", 31, ANNA, done=19, done_by=TOM, notes="Next time in a year."),
            DemoTodo("Sort the photographs from the summer", 26, ANNA),
            DemoTodo("Repair the bicycle light", 15, TOM, done=1),
            DemoTodo("Return the library books", 8, ANNA, done=3),
            DemoTodo("Descale the kettle", 6, TOM),
            DemoTodo("Buy birthday candles", 2, ANNA, notes="Seven. And one spare."),
            DemoTodo("Water the plants", 1, TOM),
        ],
    ),
    DemoList(
        "Moving the archive",
        LENA,
        {PRIYA: Role.EDITOR, TOM: Role.READER},
        [
            DemoTodo("Count the boxes", 50, LENA, done=47, notes="214, of which 30 are damp."),
            DemoTodo("Dry the damp boxes", 46, PRIYA, done=33, done_by=LENA),
            DemoTodo("Label the shelves in the new room", 32, LENA),
            DemoTodo("Rent a van", 22, PRIYA, reworded="Rent a van with a tail lift"),
            DemoTodo("Scan the letters from 1921 to 1934", 18, LENA, notes="600 dpi, grey, one file a letter."),
            DemoTodo("Write down who has keys", 13, PRIYA, done=10),
            DemoTodo("Ask the insurance about the move", 9, LENA),
            DemoTodo("Find helpers for two Saturdays", 5, PRIYA),
            DemoTodo("Thank the neighbours", 2, LENA),
        ],
    ),
]
