"""Names and titles in Russian, Kazakh and English that the made-up rows are built from."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

Title = dict[str, str]

FIRST_NAMES = (
    "Айгерим", "Нурлан", "Динара", "Ерлан", "Алия", "Тимур", "Мадина", "Арман",
    "Жанна", "Данияр", "Асель", "Руслан", "Гульнара", "Бауыржан", "Сауле", "Максат",
)  # fmt: skip
LAST_NAMES = (
    "Ахметова", "Серикбаев", "Ким", "Иванова", "Омаров", "Касымова", "Жумабаев", "Петров",
    "Нурпеисова", "Сулейменов", "Абдрахманова", "Ли", "Искаков", "Смагулова", "Тулегенов", "Байжанова",
)  # fmt: skip

KINDS = (
    ("Грант", "Грант", "Grant"),
    ("Аккредитация", "Аккредитация", "Accreditation"),
    ("Консультация", "Кеңес беру", "Consultation"),
    ("Статус участника", "Қатысушы мәртебесі", "Participant status"),
    ("Налоговая льгота", "Салық жеңілдігі", "Tax relief"),
    ("Акселерация", "Акселерация", "Acceleration"),
    ("Обучение", "Оқыту", "Training"),
    ("Экспертиза", "Сараптама", "Expert review"),
    ("Отчёт", "Есеп", "Report"),
    ("Визовая поддержка", "Визалық қолдау", "Visa support"),
)
SUBJECTS = (
    ("стартап", "стартап", "start-up"),
    ("искусственный интеллект", "жасанды интеллект", "artificial intelligence"),
    ("финтех", "финтех", "fintech"),
    ("образование", "білім беру", "education"),
    ("медицина", "медицина", "medicine"),
    ("сельское хозяйство", "ауыл шаруашылығы", "agriculture"),
    ("энергетика", "энергетика", "energy"),
    ("логистика", "логистика", "logistics"),
    ("горное дело", "тау-кен ісі", "mining"),
    ("космос", "ғарыш", "space"),
    ("экология", "экология", "ecology"),
    ("безопасность", "қауіпсіздік", "security"),
    ("робототехника", "робототехника", "robotics"),
    ("торговля", "сауда", "trade"),
    ("туризм", "туризм", "tourism"),
    ("игры", "ойындар", "games"),
    ("связь", "байланыс", "telecommunications"),
    ("строительство", "құрылыс", "construction"),
    ("транспорт", "көлік", "transport"),
    ("право", "құқық", "law"),
    ("музыка", "музыка", "music"),
    ("наука", "ғылым", "science"),
    ("спорт", "спорт", "sport"),
    ("вода", "су", "water"),
    ("данные", "деректер", "data"),
    ("облака", "бұлттар", "clouds"),
    ("химия", "химия", "chemistry"),
    ("металлургия", "металлургия", "metallurgy"),
    ("кино", "кино", "cinema"),
    ("дизайн", "дизайн", "design"),
    ("экспорт", "экспорт", "export"),
)
CITIES = (
    ("Астана", "Астана", "Astana"),
    ("Алматы", "Алматы", "Almaty"),
    ("Шымкент", "Шымкент", "Shymkent"),
    ("Караганда", "Қарағанды", "Karaganda"),
    ("Актобе", "Ақтөбе", "Aktobe"),
    ("Тараз", "Тараз", "Taraz"),
    ("Павлодар", "Павлодар", "Pavlodar"),
    ("Усть-Каменогорск", "Өскемен", "Oskemen"),
    ("Семей", "Семей", "Semey"),
    ("Атырау", "Атырау", "Atyrau"),
    ("Костанай", "Қостанай", "Kostanay"),
    ("Кызылорда", "Қызылорда", "Kyzylorda"),
    ("Уральск", "Орал", "Oral"),
    ("Петропавловск", "Петропавл", "Petropavl"),
    ("Актау", "Ақтау", "Aktau"),
    ("Темиртау", "Теміртау", "Temirtau"),
    ("Туркестан", "Түркістан", "Turkistan"),
    ("Кокшетау", "Көкшетау", "Kokshetau"),
    ("Талдыкорган", "Талдықорған", "Taldykorgan"),
    ("Экибастуз", "Екібастұз", "Ekibastuz"),
)
COUNTRIES = (
    ("Казахстан", "Қазақстан", "Kazakhstan"),
    ("Узбекистан", "Өзбекстан", "Uzbekistan"),
    ("Кыргызстан", "Қырғызстан", "Kyrgyzstan"),
    ("Таджикистан", "Тәжікстан", "Tajikistan"),
    ("Туркменистан", "Түрікменстан", "Turkmenistan"),
    ("Азербайджан", "Әзербайжан", "Azerbaijan"),
    ("Грузия", "Грузия", "Georgia"),
    ("Турция", "Түркия", "Turkey"),
    ("Германия", "Германия", "Germany"),
    ("Южная Корея", "Оңтүстік Корея", "South Korea"),
    ("Сингапур", "Сингапур", "Singapore"),
    ("Польша", "Польша", "Poland"),
)
MEETINGS = (
    ("Встреча", "Кездесу", "Meetup"),
    ("Хакатон", "Хакатон", "Hackathon"),
    ("Лекция", "Дәріс", "Lecture"),
    ("Демо-день", "Демо-күн", "Demo day"),
    ("Мастер-класс", "Шеберлік сабағы", "Workshop"),
)
POSITIONS = (
    ("Разработчик", "Әзірлеуші", "Developer"),
    ("Аналитик", "Талдаушы", "Analyst"),
    ("Тестировщик", "Тестілеуші", "Tester"),
    ("Менеджер продукта", "Өнім менеджері", "Product manager"),
    ("Дизайнер", "Дизайнер", "Designer"),
    ("Инженер данных", "Деректер инженері", "Data engineer"),
)
POSTS = (
    ("Новости", "Жаңалықтар", "News"),
    ("Как мы начали", "Біз қалай бастадық", "How we started"),
    ("Обзор", "Шолу", "Review"),
    ("Итоги года", "Жыл қорытындысы", "The year in review"),
    ("Интервью", "Сұхбат", "Interview"),
)
COURSES = (
    ("Основы", "Негіздері", "Basics of"),
    ("Практика", "Тәжірибе", "Practice of"),
    ("Углублённый курс", "Тереңдетілген курс", "Advanced course in"),
)
ROOMS = (
    "Altai", "Balkhash", "Baikonur", "Burabay", "Charyn", "Kaindy", "Katon", "Khan Tengri",
    "Kolsai", "Medeu", "Saryarka", "Shymbulak", "Tengri", "Turgen", "Ustyurt", "Zhetysu",
)  # fmt: skip


def title(ru: str, kk: str, en: str) -> Title:
    return {"ru": ru, "kk": kk, "en": en}


def combined(kinds: Sequence[tuple[str, str, str]], number: int) -> Title:
    """A title for each number; when all pairs of kind and subject are used up, they repeat with the number behind."""
    kind, subject = kinds[number % len(kinds)], SUBJECTS[number // len(kinds) % len(SUBJECTS)]
    again = "" if number < len(kinds) * len(SUBJECTS) else f" {number}"
    return title(*(f"{what}: {about}{again}" for what, about in zip(kind, subject, strict=True)))


def service_title(number: int) -> Title:
    return combined(KINDS, number)


def course_title(number: int) -> Title:
    return combined(COURSES, number)


CONTENT_TITLES: Mapping[str, Callable[[int], Title]] = {
    "core_event": partial(combined, MEETINGS),
    "core_vacancy": partial(combined, POSITIONS),
    "core_blog": partial(combined, POSTS),
    "core_article": partial(combined, POSTS),
}
"""By table."""
