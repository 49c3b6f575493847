-- Purpose: the facts of Student Pathways straight from the opened trays, as one analyst would write them by hand, to time ours against.
-- Inputs: sent_<file> (record_key, filename, elements), links, institutions, award_categories, consumer_prices, terms; the cycle of 2026.
-- Grain: one table per population, as `linkage.facts` makes them.
CREATE TABLE who AS SELECT record_key, person_id AS p FROM links WHERE person_id IS NOT NULL;

CREATE MACRO period(filename) AS CAST(regexp_extract(filename, '(\d+)\.parquet$', 1) AS BIGINT);
CREATE MACRO race(hispanic, codes) AS CASE
    WHEN coalesce(hispanic, false) THEN 'hispanic'
    WHEN codes IS NULL OR NOT regexp_matches(codes, '(^| )[123467]') THEN 'not_reported'
    WHEN len(list_distinct(list_filter(list_transform(string_split(codes, ' '), lambda c: c[1]), lambda d: contains('123467', d)))) > 1 THEN 'two_or_more'
    ELSE CASE regexp_extract(codes, '(?:^| )([123467])', 1)
        WHEN '1' THEN 'american_indian' WHEN '2' THEN 'asian' WHEN '3' THEN 'pacific_islander' WHEN '4' THEN 'filipino' WHEN '6' THEN 'black'
        ELSE 'white' END END;
CREATE MACRO quarter_number(d) AS year(d) * 4 + quarter(d) - 1;

CREATE TABLE term AS
WITH every AS (
    SELECT record_key, academic_year, term, entry_type, attendance_load, education_goal AS goal, units_earned AS units, 'ccc' AS segment, 'ccc-' || college_code AS campus
    FROM sent_ccc_enrollment
    UNION ALL SELECT record_key, academic_year, term, entry_type, attendance_load, NULL, units_attempted, 'csu', 'csu-' || campus_code FROM sent_csu_enrollment
    UNION ALL SELECT record_key, academic_year, term, entry_type, attendance_load, NULL, units_attempted, 'uc', 'uc-' || campus_code FROM sent_uc_enrollment
)
SELECT p, e.academic_year AS y, e.term, entry_type, attendance_load, goal, units, e.segment, campus,
       make_date(e.academic_year + start_year_offset, start_month, start_day) AS begins,
       quarter_number(make_date(e.academic_year + start_year_offset, start_month, start_day)) AS q1,
       quarter_number(make_date(e.academic_year + end_year_offset, end_month, end_day)) AS q2,
       e.academic_year * 4 + CASE e.term WHEN 'summer' THEN 0 WHEN 'fall' THEN 1 WHEN 'winter' THEN 2 ELSE 3 END AS nr
FROM every e JOIN who USING (record_key) JOIN terms t ON t.segment = e.segment AND t.term = e.term
WHERE entry_type <> 'dual_enrollment' AND e.academic_year <= 2026;

CREATE TABLE award AS
WITH every AS (
    SELECT record_key, award_date, award_type, 'ccc-' || college_code AS campus FROM sent_ccc_award
    UNION ALL SELECT record_key, award_date, award_type, 'csu-' || campus_code FROM sent_csu_award
    UNION ALL SELECT record_key, award_date, award_type, 'uc-' || campus_code FROM sent_uc_award
)
SELECT p, award_date, e.award_type, campus, category, c.rank, quarter_number(award_date) AS q
FROM every e JOIN who USING (record_key) JOIN award_categories c USING (award_type);

CREATE TABLE wage AS
WITH latest AS (SELECT max(year) AS y, max("index") AS level FROM consumer_prices)
SELECT p, wage_year * 4 + wage_quarter - 1 AS q, sum(quarterly_wages * (level / c."index")) AS w
FROM sent_ui_wage JOIN who USING (record_key), latest JOIN consumer_prices c ON c.year = least(wage_year, latest.y)
WHERE quarterly_wages > 0 GROUP BY ALL;

CREATE TABLE in_service AS
SELECT DISTINCT p FROM (SELECT record_key, has_ssn FROM sent_aid_application UNION ALL SELECT record_key, has_ssn FROM sent_cdss_person) JOIN who USING (record_key)
WHERE has_ssn;
CREATE TABLE numbered AS
SELECT DISTINCT p FROM (
    SELECT record_key, has_ssn FROM sent_ccc_person UNION ALL SELECT record_key, has_ssn FROM sent_csu_person UNION ALL SELECT record_key, has_ssn FROM sent_uc_person
) JOIN who USING (record_key) WHERE has_ssn
UNION SELECT p FROM in_service UNION SELECT p FROM wage;

CREATE TABLE student AS
WITH every AS (
    SELECT record_key, period(filename) AS y, hispanic_latino, race_codes, gender, 0 AS place FROM sent_ccc_person
    UNION ALL SELECT record_key, period(filename), hispanic_latino, race_codes, gender, 1 FROM sent_csu_person
    UNION ALL SELECT record_key, period(filename), hispanic_latino, race_codes, gender, 2 FROM sent_uc_person
)
SELECT p, race(hispanic_latino, race_codes) AS race_ethnicity, coalesce(gender, 'U') AS gender
FROM (SELECT p, hispanic_latino, race_codes, gender,
             row_number() OVER (PARTITION BY p ORDER BY y DESC, place, hispanic_latino, race_codes, gender) AS n
      FROM every JOIN who USING (record_key)) WHERE n = 1;

CREATE TABLE graduate AS
WITH done AS (
    SELECT p, min(coalesce(hs_graduation_year, school_year)) AS y FROM sent_k12_completion JOIN who USING (record_key)
    WHERE completer_status LIKE 'diploma\_%' ESCAPE '\' GROUP BY p
), said AS (
    SELECT p, period(filename) AS y, bool_or(hispanic_latino) AS hispanic, min(race_codes) AS codes, min(gender) AS gender
    FROM sent_k12_person JOIN who USING (record_key) GROUP BY ALL
)
SELECT done.p, done.y, race(hispanic, codes) AS race_ethnicity, coalesce(gender, 'U') AS gender FROM done LEFT JOIN said ON said.p = done.p AND said.y = done.y;

CREATE TABLE followed AS
WITH after AS (
    SELECT g.p, min(begins) AS ever, bool_or(begins <= make_date(g.y + 1, 6, 30)) AS in_one,
           min(nr * 4 + CASE segment WHEN 'csu' THEN 0 WHEN 'uc' THEN 1 ELSE 2 END) FILTER (begins <= make_date(g.y + 8, 6, 30)) AS first_term,
           max(t.y) FILTER (begins <= make_date(g.y + 8, 6, 30)) AS last_year,
           min(nr) FILTER (segment <> 'ccc' AND begins <= make_date(g.y + 8, 6, 30)) AS four,
           min(nr) FILTER (segment = 'ccc' AND begins <= make_date(g.y + 8, 6, 30)) AS ccc
    FROM graduate g JOIN term t ON t.p = g.p AND begins > make_date(g.y, 6, 30) GROUP BY g.p
), best AS (
    SELECT g.p, arg_max(category, a.rank) AS category FROM graduate g
    JOIN award a ON a.p = g.p AND award_date > make_date(g.y, 6, 30) AND award_date <= make_date(g.y + 8, 6, 30) GROUP BY g.p
)
SELECT g.*, ever, coalesce(in_one, false) AS in_one, first_term, last_year, coalesce(ccc < four, false) AS moved, category
FROM graduate g LEFT JOIN after USING (p) LEFT JOIN best USING (p);

CREATE TABLE hs_graduates AS
WITH pay AS (
    SELECT f.p, sum(w) AS pay FROM followed f JOIN in_service USING (p) JOIN wage ON wage.p = f.p AND q BETWEEN (y + 8) * 4 AND (y + 8) * 4 + 3
    WHERE y + 8 < 2026 AND (ever IS NULL OR ever >= make_date(y + 9, 1, 1)) GROUP BY f.p HAVING count(*) >= 3
)
SELECT f.p, y AS academic_year, race_ethnicity, gender,
       CASE WHEN in_one THEN 'yes' ELSE 'no' END AS enrolled_public_1yr,
       CASE WHEN y + 8 <= 2026 THEN CASE WHEN first_term IS NULL THEN 'yes' ELSE 'no' END END AS not_seen_8yr,
       CASE WHEN y + 8 <= 2026 AND first_term IS NOT NULL THEN CASE first_term % 4 WHEN 0 THEN 'csu' WHEN 1 THEN 'uc' ELSE 'ccc' END END AS first_system,
       CASE WHEN y + 8 <= 2026 THEN CASE WHEN category IS NULL THEN 'none' WHEN category <> 'bachelor' THEN category
            WHEN moved THEN 'bachelor_transferred' ELSE 'bachelor_direct' END END AS award_category,
       CASE WHEN y + 8 <= 2026 AND first_term IS NOT NULL THEN
            CASE WHEN category IS NULL AND last_year < y + 7 THEN 'yes' ELSE 'no' END END AS left_without_award,
       pay AS earnings_no_college
FROM followed f LEFT JOIN pay USING (p);

CREATE TABLE graduate_awards AS
SELECT f.p, y AS academic_year, race_ethnicity, gender,
       CASE WHEN a.category <> 'bachelor' THEN a.category WHEN moved THEN 'bachelor_transferred' ELSE 'bachelor_direct' END AS award_category,
       round(min(award_date - make_date(y, 6, 30)) / 365.25, 1) AS years_to_award
FROM followed f JOIN award a ON a.p = f.p AND award_date > make_date(y, 6, 30) AND award_date <= make_date(y + 8, 6, 30)
WHERE y + 8 <= 2026 GROUP BY ALL;

CREATE TABLE college_entrants AS
WITH entry AS (
    SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY p ORDER BY begins, campus) AS n FROM term WHERE segment = 'ccc' AND entry_type = 'first_time') WHERE n = 1
), later AS (
    SELECT e.p, sum(t.units) FILTER (t.segment = 'ccc' AND t.begins >= e.begins AND t.begins < e.begins + INTERVAL 3 YEAR) AS units,
           coalesce(bool_or(t.segment <> 'ccc' AND t.nr > e.nr AND t.begins <= e.begins + INTERVAL 6 YEAR), false) AS moved
    FROM entry e JOIN term t USING (p) GROUP BY e.p
)
SELECT e.p, y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender,
       CASE WHEN y + 6 <= 2026 THEN CASE WHEN moved THEN 'yes' ELSE 'no' END END AS transferred_6yr
FROM entry e JOIN later USING (p) LEFT JOIN student USING (p) WHERE goal = 'transfer' OR later.units >= 12;

CREATE TABLE transfers AS
WITH four AS (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY p ORDER BY begins, campus) AS n FROM term WHERE segment <> 'ccc') WHERE n = 1),
ccc AS (SELECT p, min(nr) AS nr FROM term WHERE segment = 'ccc' GROUP BY p)
SELECT f.p, y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender,
       CASE WHEN EXISTS (FROM award a WHERE a.p = f.p AND category = 'bachelor' AND award_date > begins AND award_date <= begins + INTERVAL 3 YEAR)
            THEN 'yes' ELSE 'no' END AS bachelor_3yr
FROM four f JOIN ccc ON ccc.p = f.p AND ccc.nr < f.nr LEFT JOIN student ON student.p = f.p WHERE entry_type <> 'graduate_new' AND y + 3 <= 2026;

CREATE TABLE studying AS
SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY p, nr ORDER BY CASE attendance_load WHEN 'full' THEN 1 WHEN 'three_quarter' THEN 2 ELSE 3 END, campus, segment) AS of_term,
           row_number() OVER (PARTITION BY p, y ORDER BY begins, campus) AS of_year
    FROM term WHERE attendance_load IN ('full', 'three_quarter', 'half'));

CREATE TABLE student_terms AS
SELECT s.p, y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender,
       CASE WHEN EXISTS (FROM wage WHERE wage.p = s.p AND q BETWEEN q1 AND q2) THEN 'yes' ELSE 'no' END AS employed
FROM studying s SEMI JOIN numbered USING (p) LEFT JOIN student ON student.p = s.p WHERE of_term = 1;

CREATE TABLE student_years AS
SELECT s.p, y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender, sum(w) AS earnings
FROM studying s JOIN wage ON wage.p = s.p AND q BETWEEN (y - 1) * 4 + 2 AND (y - 1) * 4 + 5 LEFT JOIN student ON student.p = s.p
WHERE of_year = 1 GROUP BY ALL HAVING count(*) = 4;

CREATE TABLE awards AS
WITH top AS (
    SELECT *, year(award_date) + CAST(month(award_date) > 6 AS INTEGER) AS y FROM award
    QUALIFY row_number() OVER (PARTITION BY p, year(award_date) + CAST(month(award_date) > 6 AS INTEGER) ORDER BY rank DESC, award_date, award_type, campus) = 1
), pay AS (
    SELECT t.p, t.y,
           CASE WHEN count(*) FILTER (wage.q <= t.q + 4 AND wage.q >= t.q + 1) >= 3 THEN sum(w) FILTER (wage.q <= t.q + 4) END AS pay_1,
           CASE WHEN count(*) FILTER (wage.q >= t.q + 9) >= 3 THEN sum(w) FILTER (wage.q >= t.q + 9) END AS pay_3,
           bool_or(wage.q = t.q + 4) AS worked
    FROM top t JOIN wage ON wage.p = t.p AND wage.q BETWEEN t.q + 1 AND t.q + 12 GROUP BY t.p, t.y
), busy AS (
    SELECT t.p, t.y, bool_or(q1 <= t.q + 4 AND q2 >= t.q + 1) AS busy_1, bool_or(q1 <= t.q + 12 AND q2 >= t.q + 9) AS busy_3
    FROM top t JOIN term e ON e.p = t.p GROUP BY t.p, t.y
)
SELECT t.p, t.y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender,
       CASE WHEN t.q + 4 <= 2026 * 4 + 1 AND NOT coalesce(busy_1, false) THEN pay_1 END AS earnings_1yr,
       CASE WHEN t.q + 12 <= 2026 * 4 + 1 AND NOT coalesce(busy_3, false) THEN pay_3 END AS earnings_3yr,
       CASE WHEN t.q + 4 <= 2026 * 4 + 1 AND EXISTS (FROM wage WHERE wage.p = t.p) THEN CASE WHEN worked THEN 'yes' ELSE 'no' END END AS employed
FROM top t LEFT JOIN pay ON pay.p = t.p AND pay.y = t.y LEFT JOIN busy ON busy.p = t.p AND busy.y = t.y LEFT JOIN student ON student.p = t.p;

CREATE TABLE leavers AS
WITH last AS (
    SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY p ORDER BY begins DESC, campus) AS n FROM term) WHERE n = 1 AND y + 2 <= 2026
)
SELECT l.p, y AS academic_year, coalesce(race_ethnicity, 'not_reported') AS race_ethnicity, coalesce(gender, 'U') AS gender, sum(w) AS earnings
FROM last l ANTI JOIN award USING (p) JOIN wage ON wage.p = l.p AND q BETWEEN q2 + 5 AND q2 + 8 LEFT JOIN student ON student.p = l.p
GROUP BY ALL HAVING count(*) >= 3;
