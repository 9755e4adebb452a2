"""The words by which titles and albums say which version of a song they are. Data, and nothing else.

Latin phrases are compared as ``fetch.normalise.native`` writes them; other scripts, which do not part words by
spaces, or bend them, as pieces that are looked for anywhere in a word.
"""

from __future__ import annotations

from typing import Final


def listed(text: str) -> tuple[str, ...]:
    """What stands between the bars."""
    return tuple(" ".join(item.split()) for item in text.split("|"))


PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "live": listed("""
        live | unplugged | en vivo | ao vivo | en directo | en direct | en concert | en concierto | in concert |
        in concerto | im konzert | dal vivo | vivo | concert | konzert | concierto | concerto live | koncert |
        konsert | canli | canli performans | na zywo | nazivo | elavana | zive | livemitschnitt | liveversion |
        liveaufnahme | tiny desk | live lounge | uzivo | na zivo | soundcheck | konzertmitschnitt | raibu |
        peel session | kexp | bbc session | bbc sessions | radio session | trabajo en vivo | live session
        """),
    "acoustic": listed("""
        acoustic | akustik | acustico | acustica | acoustique | akustisk | akustinen | akustisch | stripped |
        stripped back | stripped down | unplugged | akusztikus | akustycznie | akoestisch | campfire version |
        akustikversion | akustik versiyon | akustyczna | bare version
        """),
    "session": listed("""
        session | sessions | sesion | sesiones | sessao | sessoes
        """),
    "instrumental": listed("""
        instrumental | instrumentals | inst | instr | instrumentale | strumentale | instrumentaal | enstrumantal |
        without vocals | no vocals | instrumentalversion | minus one | instrumentalna | beat only
        """),
    "karaoke": listed("""
        karaoke | backing track | backing tracks | sing along | singalong | playback | made famous by |
        made popular by | in the style of | originally performed by | as made famous by | as performed by |
        pista | originally by | al estilo de | no estilo de | im stil von | a la maniere de | lower key |
        higher key | guide vocal | with guide vocals | hazu | karaokeversion | nello stile di | base musicale |
        pro track
        """),
    "cover": listed("""
        cover | covers | covered by | cover by | tribute | tribute to | tributo | homenaje | hommage |
        coverversion | utattemita | reprise de | version originale de | sung by | parody | parodia | rendition |
        salute to
        """),
    "demo": listed("""
        demo | demos | home recording | home recordings | rough mix | early version | early take | work tape |
        worktape | maqueta | voice memo | voice memos | sketch | bedroom recording | outtake |
        outtakes | demoversion | alternate take | alternative take | take | rehearsal | work in progress |
        unfinished | writing session | prova | でも
        """),
    "alternate": listed("""
        alternate | alternative | alternate version | alternative version | alt version | alternate mix |
        other version
        """),
    "remix": listed("""
        remix | remixes | remixed | rmx | remezcla | remixed by | rework | reworked | rework by | flip | bootleg |
        mashup | mash up | refix | vip | vip mix | megamix | reimagined | reinterpreted | remiks | remixado |
        edit by | reboot | re edit | redo | remixversion
        """),
    "dub": listed("""
        dub | dub mix | dub version | dubstrumental
        """),
    "edit": listed("""
        edit | radio | radio edit | radio mix | radio version | short | short version | short edit | single edit |
        radio cut | 7inch | 7inch version | 7inch mix | 7inch edit | tv size | tv version | shortened |
        video edit | abridged | version radio | radioversion | radio versiyon | kurzfassung | version corta |
        album edit | short cut
        """),
    "single": listed("""
        single | single version | single mix | singleversion | version single | 45 version
        """),
    "extended": listed("""
        extended | extended mix | extended version | 12inch | 12inch mix | 12inch version | long version |
        long mix | maxi | maxi version | version larga | version longue | version extendida | extended club mix |
        uncut | unedited | longer version
        """),
    "club": listed("""
        club | club mix | club version | club edit | dance mix | disco mix | party mix | workout mix | workout
        """),
    "sped up": listed("""
        sped up | spedup | speed up | sped | speeded up | fast version | acelerada | faster
        """),
    "slowed": listed("""
        slowed | slowed down | slow version | screwed | chopped and screwed | chopped | daycore | desacelerada |
        slower
        """),
    "nightcore": listed("""
        nightcore
        """),
    "reverb": listed("""
        reverb | reverbed
        """),
    "8D": listed("""
        8d | 8d audio | 16d | 9d | 3d audio | spatial audio | 432 hz | 432hz | bass boosted | bassboosted |
        528hz | 528 hz | binaural
        """),
    "loop": listed("""
        loop | looped | on repeat | 1 hour | one hour | repeat | en boucle | bucle | hour version
        """),
    "re-recording": listed("""
        re recorded | rerecorded | re recording | rerecording | re recordings | rerecordings | new recording |
        new version | newly recorded | re record | neuaufnahme | neue version | regrabacion | regrabado |
        nueva version | nouvelle version | nouvel enregistrement | nuova versione | regravacao | nova versao |
        reregistrazione | revisited | redux | re imagined | re sung | nyinspelning | nuova registrazione |
        yeni versiyon
        """),
    "clean": listed("""
        clean | edited | censored | clean version | clean edit | radio clean | clean radio edit | amended |
        edited version | version censurada | limpia
        """),
    "explicit": listed("""
        explicit | explicit version | explicit album version | uncensored | dirty | dirty version |
        parental advisory
        """),
    "a cappella": listed("""
        acapella | a cappella | acappella | a capella | accapella | vocals only | vocal only | isolated vocals |
        isolated vocal
        """),
    "mono": listed("""
        mono | mono version | mono mix
        """),
    "new mix": listed("""
        new mix | stereo mix | new stereo mix | alternate mix | surround mix | atmos mix |
        remixed and remastered
        """),
    "arrangement": listed("""
        arr | arranged | arrangement | arranged by | arr by | orchestral | orchestra | orchestra version |
        symphonic | symphony | strings | string | string quartet | string version | quartet | choir | choral |
        piano | piano version | solo piano | guitar | ukulele | harp | flute | violin | cello | saxophone | sax |
        organ | brass | music box | lullaby | 8 bit | 8bit | 16 bit | chiptune | lofi | lo fi | jazz |
        jazz version | bossa | bossa nova | reggae version | salsa | trap version | rock version | metal version |
        country version | house version | chillout | lounge | epic version | transcription | transcr | bearb |
        bearbeitung | arreglo | arranjo | version orquestal | sinfonico | sinfonica | orquesta | orchester |
        klavier | marching band | big band | gospel version | duet | duet version | duett | solo | solo version |
        duo version | band version | drum and bass | symfonisk | piyano | gitar | pianoversion | fortepiano |
        kazoo | bluegrass | swing version | cast | kids version | childrens version
        """),
    "medley": listed("""
        medley | potpourri | medley version | megamedley | highlights
        """),
    "excerpt": listed("""
        teaser | trailer | preview | snippet | excerpt | extract | sample | short clip | extrait | ausschnitt |
        sampler | interlude | intro | outro | reprise | skit | prelude version | continuous mix | mixed | dj mix |
        album sampler | shorts | tiktok version | tik tok | tiktok | hook | ringtone
        """),
    "talk": listed("""
        reaction | making of | behind the scenes | tutorial | lesson | how to play | dance practice | practice |
        fancam | choreography | commentary | track by track | interview | review | explained | guitar tab |
        drum cam | drum playthrough | playthrough | live stream | dance cover | performance video |
        dance performance | performance | dance version | spoken | spoken word | freestyle | storyteller |
        performance version | moving version | relay | stage mix | stage | mirrored | dance video | flash mob
        """),
    "theme": listed("""
        christmas version | holiday version | xmas version | weihnachtsversion | version navidena |
        halloween version
        """),
}

PIECES: Final[dict[str, tuple[str, ...]]] = {
    "live": listed("""
        らいぶ | 라이브 | 콘서트 | 现场 | 演唱会 | 演奏会 | 音乐会 | концерт | живое | вживую | живьем | наживо |
        לייב | הופעה | بث مباشر | حفله | حفل | مباشر | ζωντανα | 生演奏 | 공연 | こんさーと | こんさあと |
        לייבים | на живо
        """),
    "acoustic": listed("""
        あこーすてぃっく | 어쿠스틱 | 不插电 | акусти | אקוסטי | اكوستيك | ακουστικ | 原声 | 弾き语り | 弹唱 |
        언플러그드
        """),
    "instrumental": listed("""
        いんすと | いんすとぅるめんたる | 연주곡 | 반주 | 伴奏 | 纯音乐 | 器乐 | инструментал | минус |
        минусовка | אינסטרומנטלי | موسيقي فقط | موسيقي | انسترومنتال | 인스트 | おふぼーかる | עיבוד כלי |
        ορχηστρικ | 无人声 | 演奏曲
        """),
    "karaoke": listed("""
        からおけ | 노래방 | 卡拉ok | караоке | קריוקי | קאראוקי | كاريوكي | كاراوكي | καραοκε | 가라오케 |
        mr제거 | 歌ってください | פלייבק
        """),
    "cover": listed("""
        かばー | 歌ってみた | 弾いてみた | 叩いてみた | 커버 | 翻唱 | 翻弹 | кавер | трибьют | קאבר | גרסת כיסוי |
        كوفر | διασκευη | とりびゅーと | 演奏してみた | 불러보았다 | 演奏版本 | 踊ってみた | пародия | перепев |
        恶搞
        """),
    "demo": listed("""
        でも音源 | でもばーじょん | でもtake | 데모 | 小样 | 试听版 | демо | דמו | ديمو | черновик | репетиц |
        소품
        """),
    "remix": listed("""
        りみっくす | 리믹스 | 混音 | ремикс | רמיקס | ريمكس | ريميكس | ρεμιξ | remix版 | dj版 | ремікс |
        אר אם איקס
        """),
    "edit": listed("""
        радио версия | радиоверсия | радио эдит | 短版 | しょーと | 그림자 버전 | גרסה קצרה | גרסת רדיו |
        らじおえでぃっと | tvさいず | 짧은
        """),
    "extended": listed("""
        расширенная | полная верси | ろんぐばーじょん | 加长 | 完整版 | えくすてんでっど | длинная | גרסה ארוכה
        """),
    "sped up": listed("""
        加速 | ускорен | 빠른 | 倍速 | быстрая | ספיד אפ | مسرع | はやくした | 배속
        """),
    "slowed": listed("""
        减速 | замедлен | 느린 | медленн | مبطيء | بطيء | 慢速 | 降调 | מואט
        """),
    "nightcore": listed("""
        найткор | ないとこあ | 나이트코어
        """),
    "loop": listed("""
        час | 时间 | 时间循环 | 小时 | 循环 | 시간 | 반복 | שעה | ساعه | 耐久 | るーぷ
        """),
    "re-recording": listed("""
        перезапис | 再录 | 新录 | 재녹음 | 重录 | 重新录制 | 新版 | новая верси | הקלטה מחדש | せるふかばー |
        נוסח חדש | 새 버전 | 2차 녹음 | нова верс
        """),
    "clean": listed("""
        클린 | くりーんばーじょん | без мата | 净化版 | 清洁版 | цензур
        """),
    "a cappella": listed("""
        あかぺら | 아카펠라 | 清唱 | 阿卡贝拉 | акапелла | אקפלה
        """),
    "arrangement": listed("""
        ぴあの | 피아노 | 钢琴 | пианино | фортепиано | оркестр | おーけすとら | 오케스트라 | 交响 | 小提琴 |
        吉他 | おるごーる | 오르골 | 八音盒 | ぎたー | גיטרה | פסנתר | تزمره | بيانو | عزف | гитар | 合唱 | 编曲 |
        あれんじ | 편곡 | 기타 버전 | 二胡 | 古筝 | אורקסטרה | струн | хор
        """),
    "medley": listed("""
        めどれー | 메들리 | 串烧 | 联唱 | попурри | מחרוזת | ميدلي
        """),
    "excerpt": listed("""
        片段 | 预告 | 티저 | отрывок | тизер | しちょう | 试聴 | 试听 | 하이라이트
        """),
    "talk": listed("""
        реакция | 解说 | 반응 | 안무 | 直拍 | 직캠 | りあくしょん | 教学 | разбор | интервью | めいきんぐ
        """),
}

LANGUAGES: Final[dict[str, tuple[str, ...]]] = {
    "English": listed("""
        english | ingles | anglais | englisch | engelsk | inglese | eng | английск | 英语 | 英文 | 영어 | えいご |
        ingilizce | אנגלית
        """),
    "Spanish": listed("""
        spanish | espanol | castellano | spanisch | espagnol | spansk | spagnolo | испанск | すぺいん语 |
        西班牙语 | すぺいん | 스페인어
        """),
    "Portuguese": listed("""
        portuguese | portugues | portugais | brazilian | portugiesisch | португал
        """),
    "French": listed("""
        french | francais | francaise | franzosisch | frances | francese | французск | ふらんす语 | 法语 |
        프랑스어 | צרפתית
        """),
    "German": listed("""
        german | deutsch | deutsche | allemand | aleman | tedesco | tysk | немецк | どいつ语 | 德语 | 독일어
        """),
    "Italian": listed("""
        italian | italiano | italiana | italien | italienisch | итальянск | いたりあ语 | 意大利语 | 이탈리아어
        """),
    "Dutch": listed("""
        dutch | nederlands | nederlandse
        """),
    "Swedish": listed("""
        swedish | svensk | svenska
        """),
    "Russian": listed("""
        russian | russe | russisch | ruso | русск | 러시아어 | ろしあ语 | 俄语
        """),
    "Ukrainian": listed("""
        ukrainian | украинск | українськ
        """),
    "Japanese": listed("""
        japanese | jp | japonais | japones | japanisch | 日本语 | 日语 | 日文 | 일본어 | にほんご | японск | jpn
        """),
    "Korean": listed("""
        korean | kr | kor | coreano | coreen | 한국어 | 韩国语 | 韩语 | 韩文 | корейск | koreanisch
        """),
    "Chinese": listed("""
        chinese | mandarin | 中文 | 国语 | 普通话 | 华语 | 中国语 | 중국어 | китайск | chn
        """),
    "Cantonese": listed("""
        cantonese | 粤语 | 広东语 | 广东话
        """),
    "Arabic": listed("""
        arabic | arabe | عربي | арабск | ערבית
        """),
    "Hebrew": listed("""
        hebrew | עברית | иврит | עברי
        """),
    "Turkish": listed("""
        turkish | turkce | turkisch | турецк
        """),
    "Hindi": listed("""
        hindi | hindi version | ह न द
        """),
    "Tamil": listed("""
        tamil
        """),
    "Telugu": listed("""
        telugu
        """),
    "Polish": listed("""
        polish | polska | po polsku
        """),
    "Greek": listed("""
        greek | ελληνικ | griechisch
        """),
    "Latin": listed("""
        latin version
        """),
    "Catalan": listed("""
        catalan | catala
        """),
}
"""They count where the rest of the mark is a word for a version, or nothing."""

ALONE: Final[dict[str, str]] = {"mr": "instrumental", "ar": "a cappella"}
"""What says which version it is only where nothing stands beside it: Korean for music without and with the voice."""

NEUTRAL_PHRASES: Final = listed("""
    remaster | remastered | remasters | remastering | digital remaster | digitally remastered | remasterizado |
    remasterizada | remasterise | remasterisee | remasterizzato | remasterizzata | remasterisiert | remastrad |
    remastered version | remaster version | remasterizacion | album version | album mix | lp version |
    original version | original mix | original album version | main version | albumversion | standard version |
    version album | version del album | original | version original | version originale | originalversion |
    original recording | album | studio version | studio | full version | full length | official | oficial |
    officiel | officielle | offiziell | offizielles | ufficiale | resmi | official video | official audio |
    official music video | music video | video | audio | video oficial | audio oficial | lyric video |
    lyrics video | lyric | lyrics | with lyrics | letra | con letra | paroles | avec paroles | testo |
    visualizer | visualiser | videoclip | clip | clip officiel | mv | m v | pv | hd | hq | 4k | uhd | 1080p |
    720p | high quality | full song | full audio | provided to youtube | bonus track | bonus | bonustrack |
    hidden track | stereo | stereo version | deluxe | deluxe edition | anniversary edition | anniversary |
    expanded edition | special edition | edition | from the vault | from the album | from the film |
    from the motion picture | from the soundtrack | from the original motion picture soundtrack |
    original motion picture soundtrack | soundtrack | ost | theme from | from the series | from the musical |
    from the netflix series | single from | new | premiere | exclusive | videoclip oficial | musikvideo |
    official lyric video | official visualizer | color coded lyrics | klip | official clip | out now |
    free download | ncs release | static video | cover art
    """)
"""They say nothing about which recording it is. A remaster is the same recording."""

NEUTRAL_PIECES: Final = listed("""
    公式 | 官方 | おふぃしゃる | みゅーじっくびでお | 뮤직비디오 | 공식 | 가사 | 歌词 | официальн | премьера |
    клип | ремастер | りますたー | 리마스터 | 重制 | 高清 | видео | аудио | текст | קליפ | רשמי | الرسمي |
    فيديو كليب | كلمات | 完全版 | ふる | 원곡 | 原版 | おりじなる | remaster版 | מילים | وضوح | 주제가 | 主题歌 |
    主题曲 | 插曲 | 片尾曲 | ost
    """)

NEUTRAL_LEADS: Final = listed("""
    theme from | from the film | from the motion picture | from the original motion picture soundtrack |
    from the soundtrack | from the series | from the netflix series | from the musical | from the album |
    music from | remaster | remastered | digital remaster | digitally remastered | de la pelicula | aus dem film |
    du film | prod | prod by | produced by | dal film
    """)
"""A mark that starts with one of these goes on with names that say nothing about the recording either."""

VERSION_NOUNS: Final[frozenset[str]] = frozenset(
    listed("""
    aufnahme | cut | fassung | inspelning | mix | mixes | recording | recordings | release | rendition |
    treatment | variant | variation | variations | ver | vers | versao | versio | version | versione | versiones |
    versions | versioun | versiyon | verze | wersja
    """)
)
"""With a name before it, one of these makes a version of its own: "Choir Version"."""

VERSION_PIECES: Final = listed("""
    버전 | 버젼 | ばーじょん | 版 | верси | גרסה | גרסת | نسخه | εκδοχη | 版本 | みっくす | 믹스 | микс
    """)
"""Likewise in other scripts."""

FILLERS: Final[frozenset[str]] = frozenset(
    listed("""
    a | al | am | an | and | at | au | audio | aus | aux | bei | by | da | dal | dalla | das | de | del | den |
    der | des | di | die | do | dos | du | e | el | en | et | for | fra | fran | from | gli | hd | hq | i | il |
    im | in | la | las | le | les | lo | los | music | my | na | nel | no | och | of | official | og | on |
    original | pa | that | the | this | to | und | video | vom | von | vs | with | x | y | your
    """)
)
"""They do not tell one version of a kind from another."""

COMMON_TITLES: Final[frozenset[str]] = frozenset(
    listed(
        """
    intro | outro | interlude | skit | prelude | prologue | epilogue | introduction | opening | ending | untitled |
    interlude 1 | interlude 2 | interludio | einleitung | intermission | intermezzo | overture | theme | main theme
    """
    )
)
"""Many albums of one artist may have one of these."""

ALBUM_KINDS: Final[frozenset[str]] = frozenset(
    listed("""
    8D | a cappella | acoustic | alternate | another version | arrangement | clean | cover | demo | instrumental |
    karaoke | live | mono | new mix | nightcore | re-recording | remix | session | slowed | sped up
    """)
)
"""What an album's name can say of all that is on it."""
