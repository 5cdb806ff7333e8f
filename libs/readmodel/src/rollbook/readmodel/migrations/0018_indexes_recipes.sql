-- Which versions name an artifact as their recipe.

CREATE INDEX versions_by_recipe ON versions ((facts -> 'recipe' ->> 'digest'))
    WHERE facts -> 'recipe' IS NOT NULL;
