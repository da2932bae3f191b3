<?php
/**
 * Fills, edits or exports a throw-away WordPress; run by ../real_wordpress.py and nothing else.
 * Usage: php fill.php DOCROOT ADDRESS install|fill|more|edit|export
 */
[, $root, $address, $what] = $argv;
$_SERVER['HTTP_HOST'] = parse_url($address, PHP_URL_HOST) . ':' . parse_url($address, PHP_URL_PORT);
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
if ($what === 'install') {
    define('WP_INSTALLING', true);
}
require $root . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
require_once ABSPATH . 'wp-admin/includes/export.php';

function bread_post(array $given): int {
    $terms = $given['terms'] ?? [];
    $tags = $given['tags'] ?? [];
    unset($given['terms'], $given['tags']);
    $id = wp_insert_post(wp_slash($given + ['post_status' => 'publish', 'post_author' => 1]), true);
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message() . "\n");
        exit(1);
    }
    $ids = [];
    foreach ($terms as $name) {
        $term = term_exists($name, 'category') ?: wp_insert_term($name, 'category');
        $ids[] = (int) $term['term_id'];
    }
    if ($ids) {
        wp_set_post_categories($id, $ids);
    }
    wp_set_post_tags($id, $tags);
    return $id;
}

function bread_file(string $name, string $bytes, string $type, string $alt = '', int $parent = 0): int {
    $made = wp_upload_bits($name, null, $bytes, '2018/05');
    $id = wp_insert_attachment(
        ['post_title' => pathinfo($name, PATHINFO_FILENAME), 'post_mime_type' => $type, 'post_date' => '2018-05-05 08:00:00'],
        $made['file'], $parent
    );
    wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $made['file']));
    if ($alt) {
        update_post_meta($id, '_wp_attachment_image_alt', $alt);
    }
    return $id;
}

if ($what === 'install') {
    wp_install('Bread & Power', 'ed', 'ed@example.org', true, '', 'not-a-secret');
    update_option('siteurl', $address);
    update_option('home', $address);
    update_option('uploads_use_yearmonth_folders', 1);
    update_option('blogdescription', '');
    wp_update_user(['ID' => 1, 'display_name' => 'Bread Network']);
    global $wp_rewrite;
    $wp_rewrite->set_permalink_structure('/%year%/%monthnum%/%postname%/');
    foreach (get_posts(['numberposts' => -1, 'post_type' => ['post', 'page'], 'post_status' => 'any']) as $old) {
        wp_delete_post($old->ID, true);
    }
    foreach (get_comments() as $old) {
        wp_delete_comment($old, true);
    }
}

if ($what === 'fill') {
    $picture = file_get_contents(ABSPATH . 'wp-includes/images/media/document.png');
    $loaf = bread_file('loaf.png', $picture, 'image/png', 'A brown loaf');
    $deck = bread_file('door.pptx', file_get_contents(__DIR__ . '/../../' . getenv('BREAD_DECK')), 'application/vnd.openxmlformats-officedocument.presentationml.presentation');
    $crust = bread_file('crust.png', $picture . ' ', 'image/png', 'Crust, close');
    $up = wp_get_attachment_url($deck);
    $up_loaf = wp_get_attachment_url($loaf);
    bread_post([
        'post_title' => 'Workshop 2 – Ovens & Power', 'post_date' => '2018-04-10 09:00:00',
        'terms' => ['Workshop 2'], 'tags' => ['ovens', 'Rye & spelt'],
        'post_content' => "This workshop looks at who owns the village oven, and what happens when bakers and eaters share the keys -- \"all of them\", as it's said. It's open to everybody who bakes, eats or does both...\n\nDate: Friday 4th May 2018\nVenue: Mill Hall, Crumbtown\n\n<strong>Programme</strong>\n\n9.30am Arrival and tea\n10am Welcome - Dr Ada Baker\n10.15am - 11.00am “Who holds the oven door?” Professor Bo Miller, University of Crumbtown (keynote)\n11am Coffee\n2pm Small groups facilitated by Eli Rye\n3.30pm Close\n\n<strong>About the speakers</strong>\n\n<strong>Professor Bo Miller, University of Crumbtown</strong>\nBo has written about ovens since '99. Bo's last book is called \"Embers\".\n",
    ]);
    $slides = bread_post([
        'post_title' => 'Slides from the day', 'post_date' => '2018-05-05 09:00:00', 'terms' => ['Workshop 2'],
        'post_content' => "Here are the slides:\n<ul>\n<li><a href=\"$up\">Who holds the oven door?</a> – Bo Miller (keynote)</li>\n</ul>\n[caption id=\"attachment_$loaf\" align=\"alignnone\" width=\"48\"]<img class=\"size-full wp-image-$loaf\" src=\"$up_loaf\" alt=\"A brown loaf\" width=\"48\" height=\"64\" /> The loaf we shared[/caption]\n\n[gallery ids=\"$loaf,$crust\"]\n\nhttps://www.youtube.com/watch?v=abcdefghijk\n\n<!--more-->\n\nAfter the fold.",
    ]);
    bread_post([
        'post_title' => 'What I took home by Fay Crumb', 'post_date' => '2018-05-12 09:00:00', 'tags' => ['ovens'],
        'post_content' => "<!-- wp:heading -->\n<h2 class=\"wp-block-heading\">First</h2>\n<!-- /wp:heading -->\n\n<!-- wp:paragraph -->\n<p>I came for the \"bread\" &amp; stayed for 2 x 3 loaves -- don't ask. <a href=\"https://else.example.org/?a=1&amp;b=2\">Else</a><br>Second line.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:list -->\n<ul><!-- wp:list-item -->\n<li>One</li>\n<!-- /wp:list-item --><!-- wp:list-item -->\n<li>Two<!-- wp:list -->\n<ul><!-- wp:list-item -->\n<li>Three</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list --></li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list -->\n\n<!-- wp:quote -->\n<blockquote class=\"wp-block-quote\"><p>Bread is power.</p><cite>A baker</cite></blockquote>\n<!-- /wp:quote -->\n\n<!-- wp:image {\"id\":$loaf} -->\n<figure class=\"wp-block-image\"><img src=\"$up_loaf\" alt=\"A brown loaf\" class=\"wp-image-$loaf\"/><figcaption>Ours</figcaption></figure>\n<!-- /wp:image -->\n\n<!-- wp:table -->\n<figure class=\"wp-block-table\"><table><thead><tr><th>Flour</th><th>g</th></tr></thead><tbody><tr><td>Rye</td><td>500</td></tr></tbody></table></figure>\n<!-- /wp:table -->\n\n<!-- wp:code -->\n<pre class=\"wp-block-code\"><code>bake --hot \"now\"</code></pre>\n<!-- /wp:code -->\n\n<!-- wp:file {\"href\":\"$up\"} -->\n<div class=\"wp-block-file\"><a href=\"$up\">Bo Miller – Who holds the oven door?</a><a href=\"$up\" class=\"wp-block-file__button\" download>Download</a></div>\n<!-- /wp:file -->\n",
    ]);
    bread_post(['post_title' => 'About', 'post_type' => 'page', 'post_date' => '2018-01-01 09:00:00', 'post_content' => "We bake.\n\nWrite to ed@example.org."]);
    bread_post(['post_title' => 'A draft', 'post_status' => 'draft', 'post_content' => 'not yet']);
    bread_post(['post_title' => 'A private post', 'post_status' => 'private', 'post_content' => 'ours']);
    bread_post(['post_title' => 'A locked post', 'post_password' => 'crumb', 'post_content' => 'the secret dough']);
    wp_trash_post(bread_post(['post_title' => 'Binned', 'post_content' => 'old']));
    wp_insert_comment(['comment_post_ID' => $slides, 'comment_content' => 'Nice', 'comment_author' => 'Reader', 'comment_author_email' => 'reader@example.org', 'comment_approved' => 1]);
}

if ($what === 'more') { // posts of another export, as JSON: title, content, date, type
    foreach (json_decode(file_get_contents(getenv('BREAD_MORE')), true) as $given) {
        bread_post([
            'post_title' => $given['title'], 'post_content' => $given['content'],
            'post_date' => ($given['date'] ?: '2018-07-01') . ' 09:00:00', 'post_type' => $given['type'],
        ]);
    }
}

if ($what === 'edit') {
    $home = get_page_by_path('what-i-took-home-by-fay-crumb', OBJECT, 'post');
    wp_update_post(wp_slash(['ID' => $home->ID, 'post_content' => $home->post_content . "\n\n<!-- wp:paragraph -->\n<p>Added later.</p>\n<!-- /wp:paragraph -->"]));
    wp_update_post(['ID' => get_page_by_path('about')->ID, 'post_title' => 'About us']);
    bread_post(['post_title' => 'One more loaf', 'post_date' => '2018-06-01 09:00:00', 'post_content' => "Written by Gia Crust\n\nNew."]);
}

if ($what === 'export') {
    export_wp(['content' => 'all']);
}
